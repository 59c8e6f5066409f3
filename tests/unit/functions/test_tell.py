import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from detector.training_run import Stage, StageFailure, StageRecord
from functions.tell.ended import EndedExecution
from functions.tell.failures import newest_failure
from functions.tell.handler import handler, read_settings
from functions.tell.message import MAX_SUBJECT, Message, compose
from tests.unit.functions.conftest import TRAINING, FakeContext
from tests.unit.functions.training import LAYOUT, RUN, Scene

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ARN = f"arn:aws:states:us-east-1:123456789012:execution:training:{RUN}"


@pytest.fixture
def scene(s3: "S3Client") -> Scene:
    return Scene(s3)


def detail(**changes: Any) -> dict[str, Any]:
    """Return the detail of Step Functions' event."""
    usual = {
        "executionArn": ARN,
        "stateMachineArn": "arn",
        "name": RUN,
        "status": "FAILED",
        "startDate": 1,
        "input": json.dumps({"dataset": "s3://b/d/"}),
        "error": "States.TaskFailed",
        "cause": json.dumps({"JobName": f"train-{RUN}", "StatusReason": "Host EC2 terminated"}),
    }
    return {**usual, **changes}


def failure(stage: Stage, at: str, message: str = "too few sources") -> StageFailure:
    return StageFailure(run=RUN, stage=stage, failed_at=at, error="StageError", message=message)


def told(found: StageFailure | None = None, *, begun: bool = True, **changes: Any) -> Message:
    return compose(EndedExecution.of(detail(**changes)), found, begun=begun)


def test_a_failed_run_is_told_with_stage_reason_and_the_way_on(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqs, sns = boto3.client("sqs"), boto3.client("sns")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    topic = sns.create_topic(Name="t")["TopicArn"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    monkeypatch.setenv("TRAINING_BUCKET", TRAINING)
    monkeypatch.setenv("TOPIC_ARN", topic)
    read_settings.cache_clear()
    scene.put_run()
    scene.put(LAYOUT.failure("prepare"), failure(Stage.PREPARE, "2026-11-25T04:20:00+00:00"))
    how: Any = FakeContext()
    handler({"detail": detail()}, how)
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    body = json.loads(message["Body"])
    assert body["Subject"] == f"Training run {RUN} failed in stage prepare"
    for part in ("too few sources", "StageError", f"aidetect train --resume {RUN}", ARN):
        assert part in body["Message"]


def test_the_newest_failure_that_still_stands_is_the_reason(scene: Scene) -> None:
    assert newest_failure(LAYOUT, s3=scene.s3) is None
    scene.put(LAYOUT.failure("prepare"), failure(Stage.PREPARE, "2026-11-25T04:00:00+00:00"))
    scene.put(LAYOUT.failure("train"), failure(Stage.TRAIN, "2026-11-25T03:00:00+00:00"))
    found = newest_failure(LAYOUT, s3=scene.s3)
    assert found is not None
    assert found.stage is Stage.PREPARE
    done = StageRecord(run=RUN, stage=Stage.PREPARE, finished_at="later", seconds=1)
    scene.put(LAYOUT.stage("prepare"), done)
    found = newest_failure(LAYOUT, s3=scene.s3)
    assert found is not None
    assert found.stage is Stage.TRAIN


def test_a_damaged_record_does_not_keep_the_news_back(scene: Scene) -> None:
    scene.put(LAYOUT.failure("train"), b"{")
    assert newest_failure(LAYOUT, s3=scene.s3) is None


def test_without_a_record_the_jobs_name_tells_the_stage() -> None:
    message = told()
    assert message.subject.endswith("failed in stage train")
    assert "Why: Host EC2 terminated" in message.text
    cause = json.dumps({"TrainingJobName": f"{RUN}-0123abcd", "FailureReason": "no capacity"})
    message = told(cause=cause)
    assert message.subject.endswith("failed in stage train")
    assert "no capacity" in message.text


def test_a_refusal_at_the_beginning_has_nothing_to_go_on_with() -> None:
    cause = json.dumps({"errorMessage": "dataset: nothing lies there", "errorType": "RequestError"})
    message = told(begun=False, error="RequestError", cause=cause)
    assert message.subject.endswith("failed in stage begin")
    assert "Error: RequestError" in message.text
    assert "dataset: nothing lies there" in message.text
    assert "--resume" not in message.text


@pytest.mark.parametrize(
    ("status", "words"), [("TIMED_OUT", "timed out"), ("ABORTED", "was stopped")]
)
def test_other_ends_are_told_in_words(status: str, words: str) -> None:
    message = told(status=status, error=None, cause=None)
    assert message.subject == f"Training run {RUN} {words}"
    assert "Error" not in message.text


def test_a_run_that_was_gone_on_with_is_named_by_itself() -> None:
    ended = EndedExecution.of(detail(name="other", input=json.dumps({"run": RUN})))
    assert ended.run == RUN


@pytest.mark.parametrize("text", [None, "", "{", "[1]", '"x"', "cut off {"])
def test_an_event_that_was_cut_off_is_told_all_the_same(text: str | None) -> None:
    ended = EndedExecution.of(detail(input=text, cause=text))
    assert (ended.run, ended.job, ended.why) == (RUN, "", text or "")


def test_a_subject_is_what_sns_takes() -> None:
    message = told(name="ü" * 80, status="TIMED_OUT")
    assert message.subject.isascii()
    assert len(message.subject) <= MAX_SUBJECT
