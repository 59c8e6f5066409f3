"""A build of an image by the stack's CodeBuild project."""

import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from aidetect.errors import AidetectError
from aidetect.explanation import code_of
from aidetect.job_image.sources import Sources
from aidetect.target import Target
from local.image.target import Target as ImageTarget

POLL_SECONDS = 5.0
LOG_LINES = 20
RUNNING = "IN_PROGRESS"
Show = Callable[[str], None]


class NoBuilderError(AidetectError, RuntimeError):
    """The stack has nothing that builds images; the message says what does."""


class BuildRefusedError(AidetectError, RuntimeError):
    """The account may not begin another build; the message says what to do."""


class BuildFailedError(AidetectError, RuntimeError):
    """The image was not built; the message has the end of the build's log."""


def build(
    target: Target,
    image: ImageTarget,
    sources: Sources,
    revision: str = "unknown",
    show: Show = lambda _: None,
) -> str:
    """Have an image built and pushed, and return its name in the stack's repository.

    Parameters
    ----------
    target
        The stack.
    image
        Which of the Dockerfile's targets.
    sources
        What it is built from.
    revision
        The label that tells builds apart.
    show
        Told of each phase as it begins.

    Raises
    ------
    NoBuilderError
        If this stack has no project.
    BuildRefusedError
        If the account has as many builds as it may: none, where it is new.
    BuildFailedError
        If the build failed, was stopped or timed out.
    botocore.exceptions.ClientError
        If AWS refuses.
    """
    project = target.outputs.ImageBuildProject
    if target.is_local:
        raise NoBuilderError("the local stack builds no image: use `make image`")
    if not project:
        raise NoBuilderError(
            "this stack was deployed before it could build images: deploy it again, or use "
            "`make image-push`"
        )
    bucket = target.outputs.ModelsBucket
    target.s3.put_object(Bucket=bucket, Key=sources.key, Body=sources.archive)
    builds = target.client("codebuild")
    variables = {
        "TARGET": image.name,
        "EXTRA": image.extra,
        "TAG": image.tag,
        "REVISION": revision,
    }
    begun = _start(
        builds,
        projectName=project,
        sourceTypeOverride="S3",
        sourceLocationOverride=f"{bucket}/{sources.key}",
        environmentVariablesOverride=[
            {"name": name, "value": value, "type": "PLAINTEXT"} for name, value in variables.items()
        ],
    )
    ended = _follow(builds, begun["id"], show)
    if ended["buildStatus"] != "SUCCEEDED":
        raise BuildFailedError(_why(target, ended))
    return _pushed(ended, image)


def _start(builds: Any, **wanted: Any) -> dict[str, Any]:
    try:
        begun: dict[str, Any] = builds.start_build(**wanted)["build"]
    except ClientError as error:
        if code_of(error) != "AccountLimitExceededException":
            raise
        # "Cannot have more than 0 builds in queue for the account"
        raise BuildRefusedError(
            f"{error.response['Error']['Message']}. New accounts may have none: ask for more in "
            "Service Quotas, AWS CodeBuild, 'Concurrently running builds for Linux/Medium "
            "environment'. Meanwhile `make image-push` builds here, with docker, podman or buildah"
        ) from error
    return begun


def _follow(builds: Any, build: str, show: Show) -> dict[str, Any]:
    phase = ""
    while True:
        found: dict[str, Any] = builds.batch_get_builds(ids=[build])["builds"][0]
        if found.get("currentPhase", "") != phase:
            phase = found["currentPhase"]
            show(phase)
        if found["buildStatus"] != RUNNING:
            return found
        time.sleep(POLL_SECONDS)


def _pushed(ended: dict[str, Any], image: ImageTarget) -> str:
    variables = {
        v["name"]: v["value"] for v in ended.get("environment", {}).get("environmentVariables", [])
    }
    return f"{variables.get('REPOSITORY', 'the repository of the stack')}:{image.tag}"


def _why(target: Target, ended: dict[str, Any]) -> str:
    logs = ended.get("logs") or {}
    lines: list[str] = []
    if logs.get("groupName") and logs.get("streamName"):
        events = target.client("logs").get_log_events(
            logGroupName=logs["groupName"],
            logStreamName=logs["streamName"],
            limit=LOG_LINES,
            startFromHead=False,
        )["events"]
        lines = [event["message"].rstrip() for event in events]
    status = ended["buildStatus"].lower().replace("_", " ")
    told = "\n".join(lines) or "it has no log"
    return f"build {ended['id']} {status}; its log ends with:\n{told}"
