import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aidetect.outputs import StackOutputs
from tests.unit.template.document import TEMPLATE, resources, template, walk

PARAMETERS: dict[str, dict[str, Any]] = template()["Parameters"]


def names_used() -> set[str]:
    document = template()
    body = [document[part] for part in ("Globals", "Conditions", "Resources", "Outputs")]
    used: set[str] = set()
    for part in walk(body):
        if isinstance(part, dict) and "Ref" in part:
            used.add(part["Ref"])
        if isinstance(part, dict) and isinstance(part.get("Fn::Sub"), str):
            used |= set(re.findall(r"\$\{(\w+)\}", part["Fn::Sub"]))
    return used


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_parameter_is_used_described_bounded_and_has_a_default(name: str) -> None:
    parameter = PARAMETERS[name]
    assert name in names_used()
    assert len(parameter["Description"]) > 10
    assert "Default" in parameter
    if parameter["Type"] == "Number":
        assert "AllowedValues" in parameter or "MinValue" in parameter
    else:
        default = parameter["Default"]
        values = default.split(",") if parameter["Type"] == "CommaDelimitedList" else [default]
        assert all(re.fullmatch(parameter["AllowedPattern"], value) for value in values)


def test_parameters_are_grouped_for_the_console() -> None:
    groups = template()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    assert sorted(grouped) == sorted(PARAMETERS)


def test_outputs_that_others_rely_on_are_there() -> None:
    outputs = template()["Outputs"]
    expected = (
        "IntakeBucket ResultsBucket ModelsBucket ArrivalsQueueUrl ArrivalsDlqUrl "
        "ScoringStateMachineArn JobQueueArn ChampionParameter CompletedTopicArn GlueDatabase "
        "AthenaWorkgroup TrainingBucket TrainingStateMachineArn CpuJobQueueArn"
    )
    assert set(expected.split()) <= set(outputs)
    assert set(StackOutputs.model_fields) <= set(outputs)
    assert all(output["Description"] for output in outputs.values())


def test_alarms_tell_the_alarm_topic() -> None:
    alarms = resources("AWS::CloudWatch::Alarm")
    assert len(alarms) >= 3
    for name, alarm in alarms.items():
        stops = [{"Ref": "SpendingTopic"}] if name == "SpendingLimitAlarm" else []
        assert alarm["Properties"]["AlarmActions"] == [{"Ref": "AlarmTopic"}, *stops]
        assert alarm["Properties"]["OKActions"] == [{"Ref": "AlarmTopic"}]
        assert alarm["Properties"]["AlarmDescription"]
        assert alarm["Properties"]["TreatMissingData"] == "notBreaching"


def test_linter_finds_nothing() -> None:
    # cfn-lint knows SAM, CloudFormation, IAM actions and the language of state machines.
    done = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), TEMPLATE],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
