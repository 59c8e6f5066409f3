import fnmatch
from typing import Any

import pytest

from tests.unit.template.document import resources, template

JOB = resources("AWS::Batch::JobDefinition")["ScorerJob"]["Properties"]
RULES = JOB["RetryStrategy"]["EvaluateOnExit"]


def action(code: int | None, reason: str = "", status: str = "") -> str:
    """Return what AWS Batch does after an attempt, by its documented rules."""
    for rule in RULES:
        asked = (("OnExitCode", code), ("OnReason", reason), ("OnStatusReason", status))
        if all(
            value is not None and fnmatch.fnmatchcase(str(value), rule[key])
            for key, value in asked
            if key in rule
        ):
            return str(rule["Action"])
    return "RETRY"


@pytest.mark.parametrize(
    ("code", "reason", "status", "expected"),
    [
        (None, "", "Host EC2 (instance i-0) terminated.", "RETRY"),
        (143, "", "Essential container in task exited", "RETRY"),
        (137, "", "Essential container in task exited", "RETRY"),
        (137, "OutOfMemoryError: Container killed due to memory usage", "", "EXIT"),
        (1, "", "", "RETRY"),
        (2, "", "", "EXIT"),
        (None, "CannotPullContainerError: not found", "Task failed to start", "EXIT"),
    ],
)
def test_only_what_may_pass_is_tried_again(
    code: int | None, reason: str, status: str, expected: str
) -> None:
    assert action(code, reason, status) == expected


def test_rules_end_with_everything_else_exits() -> None:
    assert len(RULES) <= 5
    assert RULES[-1] == {"Action": "EXIT", "OnExitCode": "*"}
    assert template()["Parameters"]["JobAttempts"]["MaxValue"] == 10


def test_job_runs_confined() -> None:
    container = JOB["ContainerProperties"]
    assert container["ReadonlyRootFilesystem"] is True
    assert container["Privileged"] is False
    assert container["User"].split(":")[0] not in {"0", "root"}
    (scratch,) = container["LinuxParameters"]["Tmpfs"]
    cache = {v["Name"]: v["Value"] for v in container["Environment"]}["DETECTOR_CACHE"]
    assert cache.startswith(scratch["ContainerPath"] + "/")
    needs = {n["Type"]: n["Value"] for n in container["ResourceRequirements"]}
    assert needs["GPU"] == "1"
    assert "AttemptDurationSeconds" in JOB["Timeout"]


def test_job_runs_the_scorer_on_the_plan_it_is_given() -> None:
    command = JOB["ContainerProperties"]["Command"]
    assert command == ["python", "-m", "batch_inference", "--plan", "Ref::plan"]
    assert "plan" in JOB["Parameters"]


def test_fleet_is_spot_and_idle_at_nothing() -> None:
    (fleet,) = resources("AWS::Batch::ComputeEnvironment").values()
    machines: dict[str, Any] = fleet["Properties"]["ComputeResources"]
    assert machines["Type"] == "SPOT"
    assert machines["AllocationStrategy"] == "SPOT_PRICE_CAPACITY_OPTIMIZED"
    assert machines["MinvCpus"] == 0
    types = template()["Parameters"]["SpotInstanceTypes"]["Default"].split(",")
    assert {kind.split(".")[0] for kind in types} == {"g4dn", "g5", "g6"}


def test_hosts_are_hardened() -> None:
    (launch,) = resources("AWS::EC2::LaunchTemplate").values()
    data = launch["Properties"]["LaunchTemplateData"]
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    assert data["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    assert all(device["Ebs"]["Encrypted"] for device in data["BlockDeviceMappings"])


def test_a_job_cannot_reach_the_hosts_credentials() -> None:
    launch = resources("AWS::EC2::LaunchTemplate")["FleetLaunchTemplate"]["Properties"]
    data = launch["LaunchTemplateData"]
    uid = JOB["ContainerProperties"]["User"].split(":")[0]
    rule = f"iptables -I OUTPUT -d 169.254.169.254 -m owner --uid-owner {uid} -j REJECT"
    assert rule in data["UserData"]["Fn::Base64"]
    assert data["MetadataOptions"]["HttpTokens"] == "required"


def test_an_update_leaves_running_executions_their_job_definition() -> None:
    policy = JOB["ResourceRetentionPolicy"]
    assert policy == {"SkipDeregisterOnUpdate": True}


def test_a_job_that_can_never_run_holds_up_nobody() -> None:
    queue = resources("AWS::Batch::JobQueue")["JobQueue"]["Properties"]
    actions = queue["JobStateTimeLimitActions"]
    assert {a["Reason"].split(":")[0] for a in actions} == {"MISCONFIGURATION", "CAPACITY"}
    assert all(a["Action"] == "CANCEL" and a["State"] == "RUNNABLE" for a in actions)
