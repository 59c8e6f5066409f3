"""The emulator makes metrics of the lines that detector/metric.py writes, and of no others."""

from datetime import UTC, datetime

import pytest

from detector.metric import Metric, Unit, line_of
from local.emulator.aidetect_emulator.emf import metrics_in

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def test_our_lines_become_metrics() -> None:
    metrics = [Metric("Images", 7), Metric("ErrorShare", 12.5, Unit.PERCENT)]
    line = line_of(metrics, stack="mine", now=NOW, facts={"batch": "b-1"})
    dimensions = [{"Name": "Stack", "Value": "mine"}]
    assert metrics_in(["plain", line]) == {
        "aidetect": [
            {
                "MetricName": name,
                "Unit": unit,
                "Timestamp": NOW,
                "Dimensions": dimensions,
                "Values": [value],
            }
            for name, unit, value in [("Images", "Count", 7), ("ErrorShare", "Percent", 12.5)]
        ]
    }


@pytest.mark.parametrize(
    "line",
    [
        '{"_aws": 1}',
        '{"_aws": {"Timestamp": "now"}}',
        '"_aws"',
        '{"_aws": {"Timestamp": 1, "CloudWatchMetrics": [{"Namespace": "n", "Dimensions": [["X"]],'
        ' "Metrics": [{"Name": "M"}]}]}}',
    ],
)
def test_other_lines_make_none(line: str) -> None:
    assert not any(metrics_in([line]).values())
