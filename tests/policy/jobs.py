"""What every AWS Batch job definition must declare. Public scanners have no rules for these.

https://docs.aws.amazon.com/batch/latest/userguide/security-best-practices.html
"""

from collections.abc import Iterator
from typing import Any

from tests.policy.grants import Document, chosen

HIDDEN = ("KEY", "PASSWORD", "TOKEN", "SECRET")


def problems(document: Document) -> Iterator[str]:
    """Yield what is wrong with the template's job definitions, one sentence each."""
    for name, found in document["Resources"].items():
        if found["Type"] == "AWS::Batch::JobDefinition":
            yield from (f"{name}: {problem}" for problem in _job(found["Properties"]))


def _job(job: Document) -> Iterator[str]:
    container = job["ContainerProperties"]
    if not job.get("Timeout", {}).get("AttemptDurationSeconds"):
        yield "may run for ever"
    if container.get("Privileged") is not False:
        yield "is privileged, or does not say that it is not"
    if container.get("ReadonlyRootFilesystem") is not True:
        yield "may write its root"
    user, _, group = str(container.get("User", "")).partition(":")
    if not (user.isdigit() and group.isdigit() and int(user) and int(group)):
        yield "runs as root, or as a user that the image decides on"
    if container.get("LinuxParameters", {}).get("Devices"):
        yield "reaches devices of the host"
    if container.get("JobRoleArn") == container.get("ExecutionRoleArn"):
        yield "lends its code the role that starts it"
    yield from _volumes(container)
    yield from _environment(container)
    yield from _log(container)


def _volumes(container: Document) -> Iterator[str]:
    # A volume without a place on the host is made for the container and goes with it.
    for volume in container.get("Volumes", []):
        if set(volume) != {"Name"}:
            yield f"mounts {volume}"
    for place in container.get("LinuxParameters", {}).get("Tmpfs", []):
        if not {"nosuid", "nodev", "noexec"} <= set(place["MountOptions"]):
            yield f"may run what it writes to {place['ContainerPath']}"
    written = [m["ContainerPath"] for m in container.get("MountPoints", [])]
    written += [t["ContainerPath"] for t in container.get("LinuxParameters", {}).get("Tmpfs", [])]
    if written != ["/tmp"]:
        yield f"writes to {written}"


def _environment(container: Document) -> Iterator[str]:
    variables: list[Any] = [chosen(entry) for entry in container.get("Environment", [])]
    for variable in variables:
        # Shown to everyone who may describe a job. The ARN of a secret is none.
        if variable["Name"].endswith(HIDDEN):
            yield f"shows {variable['Name']} to whoever may describe jobs"


def _log(container: Document) -> Iterator[str]:
    log = container.get("LogConfiguration", {})
    if log.get("LogDriver") != "awslogs" or "Ref" not in log["Options"].get("awslogs-group", {}):
        yield "does not log to a group of the stack"
