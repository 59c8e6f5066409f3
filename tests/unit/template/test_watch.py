"""Alarms and dashboard look at what the code really tells, and every alarm has its page."""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from detector.metric import NAMESPACE, STACK
from tests.unit.template.document import ROOT, resources

ALARMS = resources("AWS::CloudWatch::Alarm")
# What AWS makes by itself and the template may look at, by namespace, with its one dimension.
OF_AWS = {
    "AWS/SQS": (
        "QueueName",
        {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"},
    ),
    "AWS/States": ("StateMachineArn", {"ExecutionsFailed"}),
    "AWS/Lambda": ("FunctionName", {"Errors"}),
}
OURS = ("batch_inference", "detector", "functions")


def told() -> set[str]:
    """Return the names of all metrics that the code tells: literals in ``Metric("…", …)``."""
    found = set()
    for folder in OURS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Name)
                    and node.func.id == "Metric"
                ):
                    name = node.args[0]
                    assert isinstance(name, ast.Constant), f"{path}: name metrics literally"
                    found.add(str(name.value))
    return found


def widgets() -> list[dict[str, Any]]:
    """Return the dashboard's widgets."""
    (dashboard,) = resources("AWS::CloudWatch::Dashboard").values()
    body: dict[str, Any] = json.loads(dashboard["Properties"]["DashboardBody"]["Fn::Sub"])
    return list(body["widgets"])


def shown() -> Iterator[tuple[str, str, str, str]]:
    """Yield (namespace, metric, dimension, value) of every line of the dashboard."""
    for widget in widgets():
        for line in widget["properties"].get("metrics", []):
            namespace, name, dimension, value = line[:4]
            yield namespace, name, dimension, value


def test_the_dashboard_shows_all_that_is_told_and_nothing_else() -> None:
    assert {name for space, name, _, _ in shown() if space == NAMESPACE} == told()


def test_every_line_names_what_is_there() -> None:
    there = {name for kind in ("Function", "StateMachine") for name in serverless(kind)}
    there |= set(resources("AWS::SQS::Queue"))
    for namespace, name, dimension, value in shown():
        if namespace == NAMESPACE:
            assert (dimension, value) == (STACK, "${AWS::StackName}")
        else:
            known, names = OF_AWS[namespace]
            assert dimension == known
            assert name in names
            assert re.fullmatch(r"\$\{(\w+)(\.QueueName)?\}", value).group(1) in there  # type: ignore[union-attr]


def serverless(kind: str) -> set[str]:
    return set(resources(f"AWS::Serverless::{kind}"))


def test_widgets_fill_the_page_from_top_to_bottom() -> None:
    """No widget lies on another, and rows are full: 24 units wide."""
    taken: dict[int, int] = {}
    for widget in widgets():
        for row in range(widget["y"], widget["y"] + widget["height"]):
            assert taken.get(row, 0) == widget["x"], widget["properties"]
            taken[row] = widget["x"] + widget["width"]
    assert set(taken.values()) == {24}
    assert sorted(taken) == list(range(len(taken)))


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_alarms_look_at_what_is_told(name: str) -> None:
    alarm = ALARMS[name]["Properties"]
    ((dimension, _),) = [tuple(d.values()) for d in alarm["Dimensions"]]
    if alarm["Namespace"] == NAMESPACE:
        assert alarm["MetricName"] in told()
        assert alarm["Dimensions"] == [{"Name": STACK, "Value": {"Ref": "AWS::StackName"}}]
    else:
        known, names = OF_AWS[alarm["Namespace"]]
        assert dimension == known
        assert alarm["MetricName"] in names
    # Silence is no alarm; but what an alarm looks at has a line on the dashboard.
    assert alarm["TreatMissingData"] == "notBreaching"
    assert (alarm["Namespace"], alarm["MetricName"]) in {(s, n) for s, n, _, _ in shown()}


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_alarms_tell_both_ways(name: str) -> None:
    alarm = ALARMS[name]["Properties"]
    assert alarm["AlarmActions"][0] == {"Ref": "AlarmTopic"}
    assert alarm["OKActions"] == [{"Ref": "AlarmTopic"}]
    # One does something besides telling.
    others = [{"Ref": "SpendingTopic"}] if name == "SpendingLimitAlarm" else []
    assert alarm["AlarmActions"][1:] == others


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_every_alarm_has_its_paragraph(name: str) -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    assert f"\n### {name}\n" in runbook
    assert ALARMS[name]["Properties"]["AlarmDescription"].endswith(
        f"docs/runbook.md#{name.lower()}"
    )


def test_the_runbook_has_no_alarm_that_is_not_there() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    assert set(re.findall(r"^### (\w+Alarm)$", runbook, re.MULTILINE)) == set(ALARMS)
