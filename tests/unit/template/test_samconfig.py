"""What `sam deploy` is told of each environment, held against the template."""

import re
import tomllib
from typing import Any

import pytest

from local import sam
from tests.unit.template.document import ROOT, template

CONFIG: dict[str, Any] = tomllib.loads((ROOT / "samconfig.toml").read_text())
AWS = ("default", "dev", "prod")
PARAMETERS: dict[str, dict[str, Any]] = template()["Parameters"]


def deploy(env: str) -> dict[str, Any]:
    found: dict[str, Any] = CONFIG[env]["deploy"]["parameters"]
    return found


def overrides(env: str) -> dict[str, str]:
    """What an environment gives the template's parameters; each is named once."""
    pairs = [pair.split("=", 1) for pair in deploy(env).get("parameter_overrides", [])]
    found = dict(pairs)
    assert len(found) == len(pairs)
    return found


CASES = [(env, name, value) for env in AWS for name, value in overrides(env).items()]


def test_the_environments() -> None:
    assert set(CONFIG) == {"version", "local", *AWS}
    assert overrides("default") == {}
    assert len(CASES) >= 6


@pytest.mark.parametrize(("env", "name", "value"), CASES)
def test_each_override_is_one_that_the_template_takes_and_differs(
    env: str, name: str, value: str
) -> None:
    parameter = PARAMETERS[name]
    assert value != str(parameter["Default"])
    if parameter["Type"] == "Number":
        number = float(value)
        assert number >= parameter.get("MinValue", number)
        assert number <= parameter.get("MaxValue", number)
        assert number in parameter.get("AllowedValues", [number])
    else:
        assert re.fullmatch(parameter["AllowedPattern"], value)


def test_each_override_says_why() -> None:
    text = (ROOT / "samconfig.toml").read_text()
    blocks = re.findall(r"^parameter_overrides = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    assert all(block.lstrip().startswith("# ") for block in blocks)


@pytest.mark.parametrize("env", AWS)
def test_environments_of_aws(env: str) -> None:
    stack = CONFIG[env]["global"]["parameters"]["stack_name"]
    # The template makes names of buckets and roles from it.
    assert re.fullmatch(r"[a-z][a-z0-9-]{0,27}", stack)
    # What a budget counts is tagged so: MonthlyBudgetDollars.
    assert deploy(env)["tags"] == f"Project={stack}"
    assert deploy(env)["resolve_s3"] is True
    assert deploy(env)["capabilities"] == "CAPABILITY_IAM"
    assert "disable_rollback" not in deploy(env)
    # Deploying what is deployed already is no failure.
    assert deploy(env)["fail_on_empty_changeset"] is False


def test_stacks_do_not_share_a_name() -> None:
    names = [CONFIG[env]["global"]["parameters"]["stack_name"] for env in AWS]
    assert len(set(names)) == len(names)


def test_a_person_reads_what_changes_where_others_rely_on_it() -> None:
    assert [deploy(env)["confirm_changeset"] for env in AWS] == [True, False, True]


def test_trials_are_bounded_more_tightly_than_the_default() -> None:
    dev = overrides("dev")
    for name in ("MaxvCpus", "AlarmDollarsPerDay", "StopDollarsPerDay"):
        assert 0 < float(dev[name]) < PARAMETERS[name]["Default"]
    # 0 would keep results for good, and no limit.
    assert int(dev["ResultsRetentionDays"]) > 0
    assert "StopDollarsPerDay" not in overrides("prod")


def test_the_local_stack_reads_its_own() -> None:
    assert " ".join(sam.CONFIG) == f"--config-file {ROOT / 'samconfig.toml'} --config-env local"
    assert deploy("local")["confirm_changeset"] is False
    assert CONFIG["local"]["build"]["parameters"]["cached"] is False
    # What local/options.py gives comes from there alone.
    assert "parameter_overrides" not in deploy("local")
    assert "stack_name" not in str(CONFIG["local"])


def test_the_capability_is_enough() -> None:
    named = [n for n, r in template()["Resources"].items() if "RoleName" in r.get("Properties", {})]
    # Named roles would need CAPABILITY_NAMED_IAM, nested stacks CAPABILITY_AUTO_EXPAND.
    assert named == []
    kinds = {r["Type"] for r in template()["Resources"].values()}
    assert not kinds & {"AWS::CloudFormation::Stack", "AWS::Serverless::Application"}
