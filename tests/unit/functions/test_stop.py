"""The stop function: fleets disabled, people told, why in the words of who asked."""

import json
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from functions.stop import handler as module
from functions.stop.notice import compose, reason_of
from functions.stop.settings import StopSettings
from functions.stop.stop import stop

GPU, CPU = ("arn:aws:batch:us-east-1:1:compute-environment/" + name for name in ("gpu", "cpu"))
ALARM = {"AlarmName": "x-SpendingLimitAlarm", "NewStateReason": "101 > 100"}


def event(*messages: str) -> dict[str, Any]:
    return {"Records": [{"Sns": {"Message": message}} for message in messages]}


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([json.dumps(ALARM)], "x-SpendingLimitAlarm: 101 > 100"),
        (["AWS Budget\n  x exceeded"], "AWS Budget x exceeded"),
        ([], "asked for by hand"),
        (["[1]"], "[1]"),
    ],
)
def test_why_is_told_in_the_words_of_who_asked(messages: list[str], expected: str) -> None:
    assert reason_of(event(*messages)) == expected
    assert f"Why: {expected}\n" in compose(expected).text
    assert "aidetect costs resume" in compose(expected).text


def test_what_is_said_is_cut() -> None:
    assert len(reason_of(event("x" * 9000))) == 1000


def batch() -> tuple[Any, Stubber]:
    client = boto3.client("batch", region_name="us-east-1", aws_access_key_id="x",
                          aws_secret_access_key="x")  # fmt: skip
    return client, Stubber(client)


def test_all_fleets_are_disabled_even_if_one_cannot_be() -> None:
    client, stub = batch()
    stub.add_client_error("update_compute_environment", "ClientException", "being updated")
    wanted = {"computeEnvironment": CPU, "state": "DISABLED"}
    stub.add_response("update_compute_environment", {}, wanted)
    with stub, pytest.raises(ExceptionGroup, match="not stopped yet") as raised:
        stop([GPU, CPU], batch=client)
    assert len(raised.value.exceptions) == 1
    stub.assert_no_pending_responses()


def test_an_alarm_stops_the_fleets_and_people_are_told(
    monkeypatch: pytest.MonkeyPatch, context: Any
) -> None:
    client, stub = batch()
    for fleet in (GPU, CPU):
        wanted = {"computeEnvironment": fleet, "state": "DISABLED"}
        stub.add_response("update_compute_environment", {}, wanted)
    told: list[dict[str, str]] = []

    class Topic:
        def publish(self, **message: str) -> None:
            stub.assert_no_pending_responses()
            told.append(message)

    settings = StopSettings(compute_environments=f"{GPU},{CPU}", topic_arn="topic")
    monkeypatch.setattr(module, "read_settings", lambda: settings)
    monkeypatch.setattr(module, "batch_client", lambda: client)
    monkeypatch.setattr(module, "sns_client", Topic)
    with stub:
        module.handler(event(json.dumps(ALARM)), context)
    (message,) = told
    assert (message["TopicArn"], message["Subject"]) == ("topic", "Spending is stopped")
    assert "101 > 100" in message["Message"]
