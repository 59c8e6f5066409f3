"""The build by CodeBuild, as moto and the service's own model play it."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from typer.testing import CliRunner

from aidetect import image_command
from aidetect.job_image import build as module
from aidetect.job_image.build import (
    BuildFailedError,
    BuildRefusedError,
    NoBuilderError,
    build,
)
from aidetect.job_image.sources import Sources
from aidetect.main import app
from local.image.target import TARGETS

SOURCES = Sources(b"archive", "ab" * 32)
LOCATION = "models/sources/abababababababababababababababab.zip"


class Store:
    """Remembers what was put."""

    def __init__(self) -> None:
        self.put: dict[str, Any] = {}

    def put_object(self, **given: Any) -> None:
        self.put = given


class Place:
    """A stack that has a project, with clients whose answers are held to the services' models."""

    is_local = False

    def __init__(self) -> None:
        self.outputs = SimpleNamespace(ImageBuildProject="aidetect-image", ModelsBucket="models")
        self.s3 = Store()
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
        self.clients: dict[str, Any] = {
            name: boto3.client(name, region_name="us-east-1", **keys)  # type: ignore[call-overload]
            for name in ("codebuild", "logs")
        }
        self.stubs = {name: Stubber(client) for name, client in self.clients.items()}
        for stub in self.stubs.values():
            stub.activate()

    def client(self, name: str) -> Any:
        return self.clients[name]

    def starts(self, target: str) -> None:
        image = TARGETS[target]
        variables = {
            "TARGET": image.name,
            "EXTRA": image.extra,
            "TAG": image.tag,
            "REVISION": "abc",
        }
        self.stubs["codebuild"].add_response(
            "start_build",
            {"build": {"id": "b:1", "buildStatus": "IN_PROGRESS"}},
            {
                "projectName": "aidetect-image",
                "sourceTypeOverride": "S3",
                "sourceLocationOverride": LOCATION,
                "environmentVariablesOverride": [
                    {"name": n, "value": v, "type": "PLAINTEXT"} for n, v in variables.items()
                ],
            },
        )

    def is_at(self, phase: str, status: str = "IN_PROGRESS", **more: Any) -> None:
        found = {"id": "b:1", "currentPhase": phase, "buildStatus": status, **more}
        self.stubs["codebuild"].add_response("batch_get_builds", {"builds": [found]})


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr(module, "POLL_SECONDS", 0)
    found = Place()
    yield found
    for stub in found.stubs.values():
        stub.assert_no_pending_responses()


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_it_is_uploaded_built_and_followed(place: Any, target: str) -> None:
    place.starts(target)
    for phase in ("QUEUED", "BUILD", "BUILD"):
        place.is_at(phase)
    variable = {"name": "REPOSITORY", "value": "1.dkr.ecr.us-east-1.amazonaws.com/x"}
    place.is_at(
        "COMPLETED",
        "SUCCEEDED",
        environment={
            "type": "LINUX_CONTAINER",
            "image": "x",
            "computeType": "BUILD_GENERAL1_MEDIUM",
            "environmentVariables": [variable],
        },
    )
    phases: list[str] = []
    name = build(place, TARGETS[target], SOURCES, "abc", phases.append)
    assert name == f"1.dkr.ecr.us-east-1.amazonaws.com/x:{TARGETS[target].tag}"
    assert phases == ["QUEUED", "BUILD", "COMPLETED"]
    assert place.s3.put == {"Bucket": "models", "Key": SOURCES.key, "Body": b"archive"}


def test_a_failure_shows_the_end_of_its_log(place: Any) -> None:
    place.starts("scorer")
    logs = {"groupName": "group", "streamName": "stream"}
    place.is_at("COMPLETED", "TIMED_OUT", logs=logs)
    place.stubs["logs"].add_response(
        "get_log_events",
        {"events": [{"message": "step 7\n"}, {"message": "no space left on device\n"}]},
        {"logGroupName": "group", "logStreamName": "stream", "limit": 20, "startFromHead": False},
    )
    with pytest.raises(BuildFailedError, match=r"(?s)b:1 timed out.*step 7\nno space left"):
        build(place, TARGETS["scorer"], SOURCES, "abc")


def test_a_build_that_never_began_has_no_log(place: Any) -> None:
    place.starts("scorer")
    place.is_at("COMPLETED", "STOPPED")
    with pytest.raises(BuildFailedError, match=r"b:1 stopped.*\nit has no log"):
        build(place, TARGETS["scorer"], SOURCES, "abc")


def test_an_account_that_may_not_build_is_told_what_to_do(place: Any) -> None:
    said = "Cannot have more than 0 builds in queue for the account"
    place.stubs["codebuild"].add_client_error("start_build", "AccountLimitExceededException", said)
    with pytest.raises(BuildRefusedError, match=rf"{said}\. .*Service Quotas.*`make image-push`"):
        build(place, TARGETS["scorer"], SOURCES)
    place.stubs["codebuild"].add_client_error("start_build", "AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        build(place, TARGETS["scorer"], SOURCES)


def test_where_there_is_no_project_something_else_is_named(place: Any) -> None:
    place.outputs.ImageBuildProject = ""
    with pytest.raises(NoBuilderError, match="deploy it again, or use `make image-push`"):
        build(place, TARGETS["scorer"], SOURCES)
    place.is_local = True
    with pytest.raises(NoBuilderError, match="use `make image`"):
        build(place, TARGETS["scorer"], SOURCES)


def test_the_command_knows_every_target() -> None:
    assert {image.value for image in image_command.Image} == set(TARGETS)


def test_the_command_tells_what_was_pushed(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_command, "resolve", lambda *_: place)
    monkeypatch.setattr(image_command, "pack", lambda _: SOURCES)
    monkeypatch.setattr(image_command, "revision", lambda: "abc")
    place.starts("trainer")
    place.is_at("COMPLETED", "SUCCEEDED")
    done = CliRunner().invoke(app, ["image", "build", "--target", "trainer"])
    assert done.exit_code == 0, done.output
    assert "Built and pushed the repository of the stack:trainer" in done.output
