import fnmatch
import re
from typing import Any

import pytest

from tests.unit.template.document import resources, template

JOBS = {n: j["Properties"] for n, j in resources("AWS::Batch::JobDefinition").items()}
JOB = JOBS["ScorerJob"]
RULES = JOB["RetryStrategy"]["EvaluateOnExit"]
STAGE_JOBS = ("PreparationJob", "TrainerJob")
FLEETS = resources("AWS::Batch::ComputeEnvironment")
each_job = pytest.mark.parametrize("name", sorted(JOBS))


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


@each_job
def test_job_runs_confined_bounded_and_retried_alike(name: str) -> None:
    container = JOBS[name]["ContainerProperties"]
    assert container["ReadonlyRootFilesystem"] is True
    assert container["Privileged"] is False
    assert container["User"].split(":")[0] not in {"0", "root"}
    assert container["LinuxParameters"]["InitProcessEnabled"] is True
    assert "AttemptDurationSeconds" in JOBS[name]["Timeout"]
    assert JOBS[name]["RetryStrategy"]["EvaluateOnExit"] == RULES


def test_scorer_writes_to_memory_only() -> None:
    container = JOB["ContainerProperties"]
    (scratch,) = container["LinuxParameters"]["Tmpfs"]
    cache = {v["Name"]: v["Value"] for v in container["Environment"]}["DETECTOR_CACHE"]
    assert cache.startswith(scratch["ContainerPath"] + "/")


@each_job
def test_only_jobs_of_the_gpu_queue_ask_for_a_gpu(name: str) -> None:
    needs = {
        n["Type"]: n["Value"] for n in JOBS[name]["ContainerProperties"]["ResourceRequirements"]
    }
    assert needs.get("GPU") == (None if name == "PreparationJob" else "1")
    assert {"VCPU", "MEMORY"} <= set(needs)


def test_job_runs_the_scorer_on_the_plan_it_is_given() -> None:
    command = JOB["ContainerProperties"]["Command"]
    assert command == ["python", "-m", "batch_inference", "--plan", "Ref::plan"]
    assert "plan" in JOB["Parameters"]


@pytest.mark.parametrize("name", STAGE_JOBS)
def test_stage_jobs_run_a_stage_of_the_run_they_are_given(name: str) -> None:
    container = JOBS[name]["ContainerProperties"]
    command = ["python", "-m", "training", "stage", "Ref::stage", "--run", "Ref::run"]
    assert container["Command"] == command
    assert set(JOBS[name]["Parameters"]) == {"stage", "run"}
    # The GPU fleet runs the trainer, the CPU fleet the rest.
    stem = name.removesuffix("Job")
    assert container["JobRoleArn"] == {"Fn::GetAtt": [f"{stem}Role", "Arn"]}
    assert JOBS[name]["JobDefinitionName"]["Fn::Sub"] == f"${{AWS::StackName}}-{stem.lower()}"


@pytest.mark.parametrize("name", STAGE_JOBS)
def test_stage_jobs_write_to_a_disk_that_they_know_the_size_of(name: str) -> None:
    container = JOBS[name]["ContainerProperties"]
    (mount,), (volume,) = container["MountPoints"], container["Volumes"]
    assert mount["SourceVolume"] == volume["Name"]
    # No path on the host: each container has a volume of its own, which goes with it.
    assert "Host" not in volume
    given = {v["Name"]: v["Value"] for v in container["Environment"] if "Name" in v}
    assert given["TRAINING_SCRATCH"].startswith(f"{mount['ContainerPath']}/")
    assert given["HOME"] == mount["ContainerPath"]
    assert given["TRAINING_DISK_BYTES"] == {"Fn::Sub": "${TrainingDiskGiB}000000000"}
    launch = resources("AWS::EC2::LaunchTemplate")["FleetLaunchTemplate"]["Properties"]
    (disk,) = launch["LaunchTemplateData"]["BlockDeviceMappings"]
    assert disk["Ebs"]["VolumeSize"] == {"Ref": "TrainingDiskGiB"}


@pytest.mark.parametrize("name", STAGE_JOBS)
def test_the_key_of_weights_and_biases_is_named_only_where_there_is_one(name: str) -> None:
    environment = JOBS[name]["ContainerProperties"]["Environment"]
    (conditional,) = [entry["Fn::If"] for entry in environment if "Fn::If" in entry]
    assert conditional == [
        "HasWandb",
        {"Name": "WANDB_SECRET_ARN", "Value": {"Ref": "WandbSecretArn"}},
        {"Ref": "AWS::NoValue"},
    ]


def test_training_may_take_longer_than_a_shard() -> None:
    parameters = template()["Parameters"]
    longest = parameters["TrainingTimeoutSeconds"]["Default"]
    assert longest >= 6 * 3600 > parameters["ShardTimeoutSeconds"]["Default"]
    for name in STAGE_JOBS:
        assert JOBS[name]["Timeout"]["AttemptDurationSeconds"] == {"Ref": "TrainingTimeoutSeconds"}


@pytest.mark.parametrize("name", sorted(FLEETS))
def test_fleet_is_spot_and_idle_at_nothing(name: str) -> None:
    machines: dict[str, Any] = FLEETS[name]["Properties"]["ComputeResources"]
    assert machines["Type"] == "SPOT"
    assert machines["AllocationStrategy"] == "SPOT_PRICE_CAPACITY_OPTIMIZED"
    assert machines["MinvCpus"] == 0
    parameter = template()["Parameters"][machines["InstanceTypes"]["Ref"]]
    assert len({kind.split(".")[0] for kind in parameter["Default"].split(",")}) >= 3
    assert machines["SecurityGroupIds"] == [{"Ref": "FleetSecurityGroup"}]
    assert machines["LaunchTemplate"]["LaunchTemplateId"] == {"Ref": "FleetLaunchTemplate"}


def test_each_fleet_starts_machines_that_its_jobs_can_use() -> None:
    images = {
        name: fleet["Properties"]["ComputeResources"]["Ec2Configuration"][0]["ImageType"]
        for name, fleet in FLEETS.items()
    }
    assert images == {"GpuFleet": "ECS_AL2023_NVIDIA", "CpuFleet": "ECS_AL2023"}
    pattern = re.compile(template()["Parameters"]["CpuInstanceTypes"]["AllowedPattern"])
    assert all(pattern.fullmatch(kind) for kind in ("c6i", "m7a.2xlarge", "c7i.large", "r6id"))
    # Graviton and GPU machines cannot run the image, or not for its money.
    assert not any(pattern.fullmatch(kind) for kind in ("c7g", "m6gd.large", "g5", "c6gn", "c5"))


def test_hosts_are_hardened() -> None:
    (launch,) = resources("AWS::EC2::LaunchTemplate").values()
    data = launch["Properties"]["LaunchTemplateData"]
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    assert data["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    assert all(device["Ebs"]["Encrypted"] for device in data["BlockDeviceMappings"])


def test_a_job_cannot_reach_the_hosts_credentials() -> None:
    launch = resources("AWS::EC2::LaunchTemplate")["FleetLaunchTemplate"]["Properties"]
    data = launch["LaunchTemplateData"]
    (uid,) = {job["ContainerProperties"]["User"].split(":")[0] for job in JOBS.values()}
    rule = f"iptables -I OUTPUT -d 169.254.169.254 -m owner --uid-owner {uid} -j REJECT"
    assert rule in data["UserData"]["Fn::Base64"]
    assert data["MetadataOptions"]["HttpTokens"] == "required"


@each_job
def test_an_update_leaves_running_executions_their_job_definition(name: str) -> None:
    assert JOBS[name]["ResourceRetentionPolicy"] == {"SkipDeregisterOnUpdate": True}


@pytest.mark.parametrize("name", ["JobQueue", "CpuJobQueue"])
def test_a_job_that_can_never_run_holds_up_nobody(name: str) -> None:
    queue = resources("AWS::Batch::JobQueue")[name]["Properties"]
    actions = queue["JobStateTimeLimitActions"]
    assert {a["Reason"].split(":")[0] for a in actions} == {"MISCONFIGURATION", "CAPACITY"}
    assert all(a["Action"] == "CANCEL" and a["State"] == "RUNNABLE" for a in actions)
