"""Jobs and state machines are confined; a copy of the template in which they are not is told."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.policy import jobs, machines
from tests.unit.template.mutation import TEMPLATE, altered, places


def test_the_template_passes() -> None:
    assert [*jobs.problems(TEMPLATE), *machines.problems(TEMPLATE)] == []


JOB_FAULTS: dict[str, Callable[[Any], object]] = {
    "privileged": lambda j: j["ContainerProperties"].update(Privileged=True),
    "silent on privileges": lambda j: j["ContainerProperties"].pop("Privileged"),
    "root": lambda j: j["ContainerProperties"].update(User="0:0"),
    "named user": lambda j: j["ContainerProperties"].update(User="root"),
    "no user": lambda j: j["ContainerProperties"].pop("User"),
    "writable root": lambda j: j["ContainerProperties"].update(ReadonlyRootFilesystem=False),
    "host's folder": lambda j: j["ContainerProperties"].update(
        Volumes=[{"Name": "scratch", "Host": {"SourcePath": "/"}}]
    ),
    "other mount": lambda j: j["ContainerProperties"].update(
        MountPoints=[{"SourceVolume": "scratch", "ContainerPath": "/etc"}]
    ),
    "executable tmpfs": lambda j: j["ContainerProperties"]["LinuxParameters"].update(
        Tmpfs=[{"ContainerPath": "/tmp", "Size": 1, "MountOptions": ["rw"]}]
    ),
    "device": lambda j: j["ContainerProperties"]["LinuxParameters"].update(
        Devices=[{"HostPath": "/dev/sda"}]
    ),
    "no log": lambda j: j["ContainerProperties"].pop("LogConfiguration"),
    "log elsewhere": lambda j: j["ContainerProperties"].update(
        LogConfiguration={"LogDriver": "awslogs", "Options": {"awslogs-group": "other"}}
    ),
    "secret in sight": lambda j: j["ContainerProperties"]["Environment"].append(
        {"Name": "WANDB_API_KEY", "Value": "0"}
    ),
    "one role for both": lambda j: j["ContainerProperties"].update(
        ExecutionRoleArn=j["ContainerProperties"]["JobRoleArn"]
    ),
    "no limit of time": lambda j: j.pop("Timeout"),
}


@pytest.mark.parametrize("fault", JOB_FAULTS)
def test_a_job_that_is_less_confined_is_told(fault: str) -> None:
    change = JOB_FAULTS[fault]
    document = altered("TrainerJob", lambda d: change(d["Resources"]["TrainerJob"]["Properties"]))
    assert list(jobs.problems(document))


MACHINE_FAULTS: dict[str, Callable[[Any], object]] = {
    "untraced": lambda m: m.update(Tracing={"Enabled": False}),
    "unlogged": lambda m: m["Logging"].update(Level="OFF"),
    "logged nowhere": lambda m: m["Logging"].update(Destinations=[]),
    "keys in the log": lambda m: m["Logging"].update(IncludeExecutionData=True),
    "function of another": lambda m: m["DefinitionSubstitutions"].update(
        PlanFunction={"Fn::GetAtt": ["PromoteFunction", "Arn"]}
    ),
    "queue of another": lambda m: m["DefinitionSubstitutions"].update(
        JobQueue={"Ref": "CpuJobQueue"}
    ),
    "job of another": lambda m: m["DefinitionSubstitutions"].update(
        JobDefinition={"Ref": "TrainerJob"}
    ),
    "topic of another": lambda m: m["DefinitionSubstitutions"].update(
        CompletedTopic={"Ref": "AlarmTopic"}
    ),
}


@pytest.mark.parametrize("fault", MACHINE_FAULTS)
def test_a_machine_that_reaches_further_is_told(fault: str) -> None:
    name, change = "ScoringStateMachine", MACHINE_FAULTS[fault]
    document = altered(name, lambda d: change(d["Resources"][name]["Properties"]))
    assert list(machines.problems(document))


@pytest.mark.parametrize(
    "resource",
    [
        "*",
        "arn:${AWS::Partition}:batch:${AWS::Region}:${AWS::AccountId}:job-queue/*",
        "arn:${AWS::Partition}:batch:${AWS::Region}:${AWS::AccountId}:job-definition/*",
        "arn:${AWS::Partition}:batch:${AWS::Region}:${AWS::AccountId}"
        ":job-definition/${AWS::StackName}-trainer:*",
    ],
)
def test_a_submission_elsewhere_is_told(resource: str) -> None:
    place = next(p for p in places() if str(p) == "ScoringRole-SubmitScorer")
    document = altered(place.role, lambda d: place.of(d)["Resource"].append({"Fn::Sub": resource}))
    assert list(machines.problems(document))
