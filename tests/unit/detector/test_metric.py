"""Metrics are lines that CloudWatch reads: its embedded metric format."""

import io
import json
from datetime import UTC, datetime

import pytest

from detector.metric import MOST, STACK_VARIABLE, Metric, Unit, line_of, tell

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def test_a_line_holds_what_cloudwatch_asks_for() -> None:
    metrics = [Metric("Images", 7), Metric("ErrorShare", 12.5, Unit.PERCENT)]
    line = json.loads(line_of(metrics, stack="mine", now=NOW, facts={"batch": "b-1"}))
    assert line == {
        "batch": "b-1",
        "Stack": "mine",
        "Images": 7,
        "ErrorShare": 12.5,
        "_aws": {
            "Timestamp": 1795694400000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "aidetect",
                    "Dimensions": [["Stack"]],
                    "Metrics": [
                        {"Name": "Images", "Unit": "Count"},
                        {"Name": "ErrorShare", "Unit": "Percent"},
                    ],
                }
            ],
        },
    }


def test_hostile_facts_stay_in_their_line() -> None:
    facts = {"batch": 'b"\n{"_aws": 1}'}
    assert "\n" not in line_of([Metric("Images", 1)], stack="mine", now=NOW, facts=facts)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="Images is"):
        line_of([Metric("Images", value)], stack="mine", now=NOW, facts={})


def test_too_many_are_refused() -> None:
    with pytest.raises(ValueError, match="101 metrics"):
        line_of([Metric(f"M{n}", 1) for n in range(MOST + 1)], stack="mine", now=NOW, facts={})


def test_only_a_stack_tells() -> None:
    stream = io.StringIO()
    tell(Metric("Images", 1), stream=stream, environ={})
    tell(stream=stream, environ={STACK_VARIABLE: "mine"})
    assert stream.getvalue() == ""
    tell(Metric("Images", 1), stream=stream, environ={STACK_VARIABLE: "mine"}, batch="b-1")
    assert json.loads(stream.getvalue())["batch"] == "b-1"


def test_it_goes_to_the_log_of_the_moment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STACK_VARIABLE, "mine")
    tell(Metric("Images", 3))
    assert json.loads(capsys.readouterr().out)["Images"] == 3
