"""What holds for every state machine."""

import json

import pytest

from tests.unit.template.document import STATE_MACHINES, resources
from tests.unit.template.machine import ENDS, Machine

NAMES = sorted(path.name.partition(".")[0] for path in STATE_MACHINES.glob("*.asl.yaml"))


@pytest.fixture(params=NAMES)
def machine(request: pytest.FixtureRequest) -> Machine:
    return Machine(request.param)


def test_every_definition_is_deployed() -> None:
    assert len(resources("AWS::Serverless::StateMachine")) == len(NAMES)


def test_every_state_is_reached_and_every_way_ends(machine: Machine) -> None:
    assert machine.reachable(machine.definition["StartAt"]) == set(machine.states)
    ends = {name for name, state in machine.states.items() if state["Type"] in ENDS}
    for name in machine.states:
        assert machine.reachable(name) & ends


def test_every_task_is_retried_with_jitter_but_not_whatever_happens(machine: Machine) -> None:
    for name in machine.tasks:
        retriers = machine.states[name]["Retry"]
        assert all(r["JitterStrategy"] == "FULL" and r["BackoffRate"] > 1 for r in retriers)
        assert not [e for r in retriers for e in r["ErrorEquals"] if e == "States.ALL"], name


def test_functions_are_retried_alike(machine: Machine) -> None:
    calls = [machine.states[n] for n in machine.tasks if "lambda" in machine.states[n]["Resource"]]
    assert len(calls) >= 3
    assert len({json.dumps(state["Retry"]) for state in calls}) == 1


def test_every_placeholder_is_substituted_and_used(machine: Machine) -> None:
    assert machine.placeholders() == set(machine.resource["DefinitionSubstitutions"])


def test_execution_is_traced_and_logged_without_its_data(machine: Machine) -> None:
    assert machine.resource["Logging"]["IncludeExecutionData"] is False
    assert machine.resource["Tracing"] == {"Enabled": True}
    assert machine.resource["Type"] == "STANDARD"


def test_file_needs_no_aliases(machine: Machine) -> None:
    # Step Functions reads the file itself, and its YAML knows no aliases.
    words = [part for part in machine.path.read_text().split() if part[0] in "&*" and len(part) > 1]
    assert words == []
    assert json.dumps(machine.definition)
