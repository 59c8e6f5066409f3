"""What is under way becomes metrics."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from functions import aws
from functions.pulse.handler import handler, read_settings
from functions.pulse.under_way import UnderWay, look

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:scoring"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def execution(name: str, minutes: float) -> dict[str, Any]:
    arn = MACHINE.replace("stateMachine", "execution")
    return {
        "executionArn": f"{arn}:{name}",
        "stateMachineArn": MACHINE,
        "name": name,
        "status": "RUNNING",
        "startDate": NOW - timedelta(minutes=minutes),
    }


def asked(token: str | None = None) -> dict[str, Any]:
    return {
        "stateMachineArn": MACHINE,
        "statusFilter": "RUNNING",
        **({"nextToken": token} if token else {}),
    }


def test_the_oldest_of_all_pages_counts() -> None:
    states = boto3.client("stepfunctions", region_name="us-east-1")
    with Stubber(states) as stub:
        first = {"executions": [execution("a", 3)], "nextToken": "more"}
        stub.add_response("list_executions", first, asked())
        stub.add_response("list_executions", {"executions": [execution("b", 90)]}, asked("more"))
        assert look(MACHINE, states=states, now=NOW) == UnderWay(2, 5400.0)
        stub.assert_no_pending_responses()


def test_nothing_under_way_is_a_zero_that_ends_an_alarm() -> None:
    states = boto3.client("stepfunctions", region_name="us-east-1")
    with Stubber(states) as stub:
        stub.add_response("list_executions", {"executions": []}, asked())
        found = look(MACHINE, states=states, now=NOW)
    assert [(m.name, m.value) for m in found.metrics()] == [
        ("BatchesRunning", 0),
        ("OldestBatchSeconds", 0),
    ]


def test_a_clock_that_lags_makes_no_negative_age() -> None:
    states = boto3.client("stepfunctions", region_name="us-east-1")
    with Stubber(states) as stub:
        stub.add_response("list_executions", {"executions": [execution("a", -1)]}, asked())
        assert look(MACHINE, states=states, now=NOW) == UnderWay(1, 0.0)


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("STATE_MACHINE_ARN", MACHINE)
    monkeypatch.setenv("AIDETECT_STACK", "mine")
    states = boto3.client("stepfunctions", region_name="us-east-1")
    monkeypatch.setattr("functions.pulse.handler.states_client", lambda: states)
    read_settings.cache_clear()
    aws.states_client.cache_clear()
    with Stubber(states) as stub:
        yield stub
    read_settings.cache_clear()


def test_a_tick_tells_it(stub: Stubber, context: Any, capsys: pytest.CaptureFixture[str]) -> None:
    stub.add_response("list_executions", {"executions": [execution("a", 0)]})
    handler({}, context)
    (line,) = [json.loads(x) for x in capsys.readouterr().out.splitlines() if '"_aws"' in x]
    assert line["BatchesRunning"] == 1
    assert line["OldestBatchSeconds"] > 0


def test_a_refusal_is_an_error_of_the_function(stub: Stubber, context: Any) -> None:
    stub.add_client_error("list_executions", "AccessDeniedException")
    with pytest.raises(ClientError):
        handler({}, context)
