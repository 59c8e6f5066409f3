"""Checks of the stack, each when all is well and when it is not."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from aidetect.doctor.checks import alarm_mail, champion, dead_letters, fleets, image, stack
from aidetect.doctor.document import Outcome
from aidetect.outputs import OutputsError
from tests.unit.aidetect.doctor.stubbed import ACCOUNT, CPU, GPU, QUEUES, TOPIC, Stubbed

OK, WARNING, FAILED, SKIPPED = Outcome.OK, Outcome.WARNING, Outcome.FAILED, Outcome.SKIPPED


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("CREATE_COMPLETE", OK),
        ("UPDATE_COMPLETE", OK),
        ("UPDATE_IN_PROGRESS", WARNING),
        ("UPDATE_ROLLBACK_COMPLETE", WARNING),
        ("UPDATE_ROLLBACK_FAILED", FAILED),
        ("ROLLBACK_COMPLETE", FAILED),
        ("DELETE_FAILED", FAILED),
    ],
)
def test_states_of_a_stack(status: str, outcome: Outcome) -> None:
    found = stack.look(Stubbed().stack(status).place)
    assert found.outcome is outcome
    assert status in found.found
    assert bool(found.remedy) == (outcome is not OK)


def test_a_stack_says_why_and_whether_it_is_guarded() -> None:
    found = stack.look(Stubbed().stack("DELETE_FAILED", StackStatusReason="a bucket").place)
    assert "(a bucket)" in found.found
    for guarded, shown in ((True, "protection on"), (False, "protection off")):
        found = stack.look(Stubbed().stack(EnableTerminationProtection=guarded).place)
        assert found.found.endswith(shown)


def test_no_stack_and_another_products() -> None:
    absent = Stubbed().refuse("cloudformation", "describe_stacks", "ValidationError")
    found = stack.look(absent.place)
    assert (found.outcome, "no stack 'aidetect'" in found.found) == (FAILED, True)
    with pytest.raises(OutputsError):
        stack.look(Stubbed().stack(outputs={"Url": "x"}).place)


def with_champion(value: str | None) -> Stubbed:
    stubbed = Stubbed().stack()
    if value is None:
        return stubbed.refuse("ssm", "get_parameter", "ParameterNotFound")
    return stubbed.answer(
        "ssm", "get_parameter", {"Parameter": {"Value": value}}, Name="/aidetect/champion"
    )


def test_champion() -> None:
    there = with_champion("clip@1").answer(
        "s3", "list_objects_v2", {"KeyCount": 1},
        Bucket="models", Prefix="models/clip/1/", MaxKeys=1,
    )  # fmt: skip
    assert champion.look(there.place).found == "clip@1 is in use"
    gone = with_champion("clip@1").answer("s3", "list_objects_v2", {"KeyCount": 0})
    found = champion.look(gone.place)
    assert (found.outcome, "gone" in found.found) == (FAILED, True)
    for value in (None, "none"):
        found = champion.look(with_champion(value).place)
        assert (found.outcome, found.remedy) == (FAILED, "aidetect detector publish")


def environment(name: str, arn: str, **changes: str) -> dict[str, str]:
    return {
        "computeEnvironmentName": name,
        "computeEnvironmentArn": arn,
        "ecsClusterArn": "c",
        "state": "ENABLED",
        "status": "VALID",
        **changes,
    }


def queue(arn: str, **changes: str) -> dict[str, Any]:
    name = arn.rpartition("/")[2]
    return {
        "jobQueueName": name, "jobQueueArn": arn, "state": "ENABLED", "status": "VALID",
        "priority": 1, "computeEnvironmentOrder": [], **changes,
    }  # fmt: skip


def with_fleets(queues: int = 2, **gpu: str) -> Stubbed:
    environments = [environment("gpu", GPU, **gpu), environment("cpu", CPU)]
    return (
        Stubbed()
        .stack()
        .answer(
            "batch", "describe_compute_environments", {"computeEnvironments": environments},
            computeEnvironments=[GPU, CPU],
        )
        .answer(
            "batch", "describe_job_queues", {"jobQueues": [queue(q) for q in QUEUES[:queues]]},
            jobQueues=QUEUES,
        )
    )  # fmt: skip


def test_fleets() -> None:
    assert fleets.look(with_fleets().place).found == (
        "2 fleets and 2 job queues are valid and enabled"
    )
    found = fleets.look(with_fleets(status="INVALID", statusReason="no role").place)
    assert (found.outcome, found.found) == (FAILED, "gpu is INVALID: no role")
    found = fleets.look(with_fleets(state="DISABLED").place)
    assert (found.outcome, found.remedy) == (WARNING, "aidetect costs resume")
    found = fleets.look(with_fleets(status="UPDATING").place)
    assert (found.outcome, found.found) == (WARNING, "being changed: gpu")
    found = fleets.look(with_fleets(queues=1).place)
    assert (found.outcome, found.found[:1]) == (FAILED, "1")


URI = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/aidetect-jobs"


def a_job(revision: int, uri: str) -> dict[str, Any]:
    return {
        "jobDefinitionName": "aidetect-scorer", "jobDefinitionArn": "a", "revision": revision,
        "type": "container", "containerProperties": {"image": uri},
    }  # fmt: skip


def with_jobs(*uris: str, job: str = "scorer") -> Stubbed:
    found = [a_job(revision, uri) for revision, uri in enumerate(uris, 1)]
    return Stubbed().answer(
        "batch", "describe_job_definitions", {"jobDefinitions": found},
        jobDefinitionName=f"aidetect-{job}", status="ACTIVE",
    )  # fmt: skip


def test_the_image_of_the_newest_job_definition_is_looked_for() -> None:
    details = {"imagePushedAt": datetime(2026, 11, 1, tzinfo=UTC), "imageSizeInBytes": 3 * 2**30}
    stubbed = with_jobs("old/image", f"{URI}:latest").answer(
        "ecr", "describe_images", {"imageDetails": [details]},
        registryId=ACCOUNT, repositoryName="aidetect-jobs", imageIds=[{"imageTag": "latest"}],
    )  # fmt: skip
    found = image.SCORER.look(stubbed.place)
    assert (found.outcome, found.found) == (OK, f"{URI}:latest, 3,072 MiB, pushed 2026-11-01")


@pytest.mark.parametrize("code", ["ImageNotFoundException", "RepositoryNotFoundException"])
def test_an_image_that_is_not_there(code: str) -> None:
    found = image.SCORER.look(with_jobs(URI).refuse("ecr", "describe_images", code).place)
    assert found.outcome is FAILED
    assert found.remedy.startswith("make image-push STACK=aidetect, or ")
    assert "aidetect image build --on aws --target scorer --stack aidetect" in found.remedy
    stubbed = with_jobs(f"{URI}:trainer", job="trainer").refuse("ecr", "describe_images", code)
    found = image.TRAINER.look(stubbed.place)
    # Training can wait.
    assert (found.outcome, "TARGET=trainer" in found.remedy) == (WARNING, True)


def test_images_elsewhere_and_none_at_all() -> None:
    found = image.SCORER.look(with_jobs("docker.io/library/python:3.11").place)
    assert found.outcome is SKIPPED
    assert image.SCORER.look(with_jobs().place).outcome is FAILED
    with pytest.raises(ClientError):
        image.SCORER.look(with_jobs(URI).refuse("ecr", "describe_images", "ServerException").place)


def test_image_uris() -> None:
    found = image.read(f"{URI}@sha256:abc")
    assert found is not None
    assert found.id == {"imageDigest": "sha256:abc"}
    found = image.read(f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn/a/b")
    assert found is not None
    assert (found.region, found.repository, found.id) == (
        "cn-north-1", "a/b", {"imageTag": "latest"},
    )  # fmt: skip
    assert image.read("python:3.11") is None


def with_subscribers(*arns: str) -> Stubbed:
    found = [
        {"SubscriptionArn": arn, "Protocol": "email", "Endpoint": f"{n}@example.org"}
        for n, arn in enumerate(arns)
    ]
    return (
        Stubbed()
        .stack()
        .answer("sns", "list_subscriptions_by_topic", {"Subscriptions": found}, TopicArn=TOPIC)
    )


@pytest.mark.parametrize(
    ("arns", "outcome"),
    [
        (("arn:1",), OK),
        (("arn:1", "PendingConfirmation"), WARNING),
        (("PendingConfirmation",), FAILED),
        ((), WARNING),
    ],
)
def test_who_hears_of_alarms(arns: tuple[str, ...], outcome: Outcome) -> None:
    found = alarm_mail.look(with_subscribers(*arns).place)
    assert found.outcome is outcome
    pending = [f"{n}@example.org" for n, arn in enumerate(arns) if arn == "PendingConfirmation"]
    assert all(address in found.found for address in pending)


@pytest.mark.parametrize(("waiting", "hidden", "outcome"), [(0, 0, OK), (1, 1, FAILED)])
def test_dead_letters(waiting: int, hidden: int, outcome: Outcome) -> None:
    counts = {
        "ApproximateNumberOfMessages": str(waiting),
        "ApproximateNumberOfMessagesNotVisible": str(hidden),
    }
    stubbed = Stubbed().stack().answer("sqs", "get_queue_attributes", {"Attributes": counts})
    found = dead_letters.look(stubbed.place)
    assert found.outcome is outcome
    assert found.found.startswith("2" if waiting else "no")
