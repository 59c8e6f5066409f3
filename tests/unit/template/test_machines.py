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


def test_functions_are_retried_alike_but_for_the_patience_of_the_express_lane(
    machine: Machine,
) -> None:
    calls = {name: machine.states[name]["Retry"] for name in machine.lambdas}
    assert len(calls) >= 3
    if "Express" in calls:
        service, *others = calls["Express"]
        calls["Express"] = [service | {"MaxAttempts": 60}, *others]
    assert len({json.dumps(retriers) for retriers in calls.values()}) == 1


def test_jobs_are_submitted_with_the_same_patience(machine: Machine) -> None:
    assert len({json.dumps(machine.states[name]["Retry"]) for name in machine.jobs}) == 1


@pytest.mark.parametrize("error", ["ServerException", "TooManyRequestsException"])
def test_batch_is_waited_for_while_it_is_down(machine: Machine, error: str) -> None:
    waits = {machine.seconds_waited(name, f"Batch.{error}") for name in machine.jobs}
    assert min(waits) > 20 * 60


# Both are names of the base class, for what has none of its own: an error 500 that passed
# (https://github.com/ASFHyP3/hyp3/issues/911), or that the role may not, which stays.
@pytest.mark.parametrize("error", ["BatchException", "AWSBatchException"])
def test_what_batch_has_no_name_for_is_tried_again_but_not_for_long(
    machine: Machine, error: str
) -> None:
    waits = {machine.seconds_waited(name, f"Batch.{error}") for name in machine.jobs}
    assert min(waits) > 30
    assert max(waits) < 5 * 60


@pytest.mark.parametrize("error", ["ServiceException", "TooManyRequestsException"])
def test_functions_are_waited_for_while_lambda_is_down(machine: Machine, error: str) -> None:
    waits = {n: machine.seconds_waited(n, f"Lambda.{error}") for n in machine.lambdas}
    # The batch lane does what the express lane did not.
    express = waits.pop("Express", 60)
    assert 30 < express < 2 * 60
    assert min(waits.values()) > 20 * 60


def test_a_wrong_request_is_not_tried_again(machine: Machine) -> None:
    assert not any(machine.seconds_waited(name, "Batch.ClientException") for name in machine.jobs)


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
