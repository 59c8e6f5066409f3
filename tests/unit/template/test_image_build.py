"""What CodeBuild runs: its commands, in a real shell, with programs that only tell."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.image.target import TARGETS
from tests.unit.template.document import resources

(PROJECT,) = (found["Properties"] for found in resources("AWS::CodeBuild::Project").values())
SPEC: dict[str, Any] = yaml.safe_load(PROJECT["Source"]["BuildSpec"])
GIVEN = {v["Name"]: v["Value"] for v in PROJECT["Environment"]["EnvironmentVariables"]}
REPOSITORY = "1.dkr.ecr.eu-west-1.amazonaws.com/stack-repository"


def run(tmp_path: Path, **variables: str) -> tuple[list[str], int]:
    """Run all phases as CodeBuild does; return what was called, and the exit status.

    https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html
    """
    calls = tmp_path / "calls"
    calls.touch()
    for name in ("aws", "docker"):
        program = tmp_path / name
        program.write_text(
            f'#!/bin/bash\necho "{name} $*" >> "{calls}"\n'
            f'[ "$1" != "$FAILS" ] && {{ [ {name} = aws ] && echo secret || cat >/dev/null; }}\n'
        )
        program.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "FAILS": "none", **variables}
    status = 0
    for phase in ("pre_build", "build", "post_build"):
        if status and phase == "build":
            continue
        environ["CODEBUILD_BUILD_SUCCEEDING"] = str(int(status == 0))
        for command in SPEC["phases"][phase]["commands"]:
            done = subprocess.run(
                ["bash", "-o", "pipefail", "-c", command],
                env=environ,
                check=False,
                stdin=subprocess.DEVNULL,
            )
            if done.returncode:
                status = done.returncode
                break
        if status and phase == "pre_build":
            break
    return calls.read_text().splitlines(), status


def variables(target: str) -> dict[str, str]:
    image = TARGETS[target]
    told = {"TARGET": image.name, "EXTRA": image.extra, "TAG": image.tag, "REVISION": "abc"}
    assert set(told) < set(GIVEN)
    return {**told, "REPOSITORY": REPOSITORY}


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_it_is_built_and_pushed(tmp_path: Path, target: str) -> None:
    calls, status = run(tmp_path, **variables(target))
    image = TARGETS[target]
    assert status == 0
    # The two of a pipe begin at once.
    assert sorted(calls[:2]) == [
        "aws ecr get-login-password",
        "docker login --username AWS --password-stdin 1.dkr.ecr.eu-west-1.amazonaws.com",
    ]
    assert calls[2:] == [
        f"docker build --target {target} --build-arg EXTRA={image.extra} "
        f"--build-arg REVISION=abc --tag {REPOSITORY}:{image.tag} .",
        f"docker push {REPOSITORY}:{image.tag}",
    ]


@pytest.mark.parametrize(("fails", "last"), [("build", "docker build"), ("push", "docker push")])
def test_what_failed_is_not_pushed(tmp_path: Path, fails: str, last: str) -> None:
    calls, status = run(tmp_path, **variables("scorer"), FAILS=fails)
    assert status != 0
    assert calls[-1].startswith(last)


def test_without_being_told_it_builds_the_scorer() -> None:
    image = TARGETS["scorer"]
    assert (GIVEN["TARGET"], GIVEN["EXTRA"], GIVEN["TAG"]) == (image.name, image.extra, image.tag)
