"""The workflows on GitHub, and the role that AWS gives them: held against what they call."""

import re
import tomllib
from typing import Any

import pytest
import yaml

from tests.unit.docs.command_line import CHECKOUT
from tests.unit.template.document import load

FOLDER = CHECKOUT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
WORKFLOWS: dict[str, dict[Any, Any]] = {
    path.stem: yaml.safe_load(path.read_text()) for path in FILES
}
STEPS = [
    (name, step)
    for name, workflow in WORKFLOWS.items()
    for job in workflow["jobs"].values()
    for step in job["steps"]
]


def test_the_workflows() -> None:
    assert set(WORKFLOWS) == {"ci", "deploy"}


@pytest.mark.parametrize("use", [step["uses"] for _, step in STEPS if "uses" in step])
def test_each_action_is_pinned_to_a_commit(use: str) -> None:
    assert re.fullmatch(r"[a-z-]+/[a-z-]+@[0-9a-f]{40}", use)


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_a_token_may_read_the_code_and_nothing_else(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] == {"contents": "read"}
    for job in WORKFLOWS[name]["jobs"].values():
        extra = set(job.get("permissions", {})) - {"contents"}
        assert extra == ({"id-token"} if name == "deploy" else set())
        assert job["timeout-minutes"] <= 120


def test_what_is_checked_out_keeps_no_token() -> None:
    found = [step["with"] for _, step in STEPS if step.get("uses", "").startswith("actions/check")]
    assert len(found) == 3
    assert all(given == {"persist-credentials": False} for given in found)


@pytest.mark.parametrize("run", [step["run"] for _, step in STEPS if "run" in step])
def test_what_is_run_is_there(run: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    made = re.match(r"make ([a-z-]+)", run)
    assert made is None or made[1] in targets
    assert made or (CHECKOUT / run).is_file() or run.startswith(".venv/bin/aidetect detector ")
    # A person's input is never part of a command: it comes as a variable.
    assert "inputs." not in run


def test_what_can_be_chosen_is_in_samconfig() -> None:
    # YAML 1.1 reads the key "on" as true.
    chosen = WORKFLOWS["deploy"][True]["workflow_dispatch"]["inputs"]["config"]["options"]
    config = tomllib.loads((CHECKOUT / "samconfig.toml").read_text())
    for name in chosen:
        assert config[name]["global"]["parameters"]["stack_name"] == f"aidetect-{name}"


def test_the_role_is_for_one_environment_of_one_repository() -> None:
    role = load(CHECKOUT / ".github" / "aws-role.yaml")["Resources"]["DeployRole"]["Properties"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": {
                "Fn::Sub": "repo:${Repository}:environment:${Environment}"
            },
        }
    }


def test_the_role_lasts_as_long_as_the_job() -> None:
    role = load(CHECKOUT / ".github" / "aws-role.yaml")["Resources"]["DeployRole"]["Properties"]
    (job,) = WORKFLOWS["deploy"]["jobs"].values()
    (asked,) = [
        step["with"]["role-duration-seconds"]
        for step in job["steps"]
        if "configure-aws" in step.get("uses", "")
    ]
    assert asked <= role["MaxSessionDuration"]
    assert asked >= 60 * job["timeout-minutes"]
