"""Metrics as lines of a log, in CloudWatch's embedded metric format (EMF).

A line costs what a log line costs, needs no call, no permission and no credentials, and is never in
the way of the work; CloudWatch makes the metrics of it.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import math
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple, TextIO

NAMESPACE = "aidetect"
# The one dimension: a metric that the alarms and the dashboard of a stack look at.
STACK = "Stack"
# Set for functions and jobs by template.yaml. Without it nothing is told: hand-made runs are none.
STACK_VARIABLE = "AIDETECT_STACK"
# A line may hold so many metrics.
MOST = 100


class Unit(StrEnum):
    """CloudWatch's name of a unit."""

    COUNT = "Count"
    SECONDS = "Seconds"
    PERCENT = "Percent"
    PER_SECOND = "Count/Second"
    NONE = "None"


class Metric(NamedTuple):
    """One value. Shares are percents, from 0 to 100; money is dollars, without a unit."""

    name: str
    value: float
    unit: Unit = Unit.COUNT


def line_of(
    metrics: list[Metric], *, stack: str, now: datetime, facts: Mapping[str, str | int | float]
) -> str:
    """Return the line that makes metrics of a stack.

    Parameters
    ----------
    metrics
        At most 100, finite.
    stack
        Name of the stack.
    now
        When, aware.
    facts
        What else stands in the line, to be found by: the batch above all. No metric comes of it.

    Raises
    ------
    ValueError
        If there are too many metrics, or a value is no number.
    """
    if len(metrics) > MOST:
        raise ValueError(f"{len(metrics)} metrics do not fit a line of {MOST}")
    for metric in metrics:
        if not math.isfinite(metric.value):
            raise ValueError(f"{metric.name} is {metric.value}, which is no number")
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [[STACK]],
        "Metrics": [{"Name": m.name, "Unit": m.unit.value} for m in metrics],
    }
    line = {
        **facts,
        STACK: stack,
        **{m.name: m.value for m in metrics},
        "_aws": {"Timestamp": round(now.timestamp() * 1000), "CloudWatchMetrics": [directive]},
    }
    return json.dumps(line)


def tell(
    *metrics: Metric,
    stream: TextIO | None = None,
    environ: Mapping[str, str] | None = None,
    **facts: str | int | float,
) -> None:
    """Write metrics to standard output, which functions and jobs have for a log.

    Nothing is written outside a stack, that is without ``AIDETECT_STACK``.

    Parameters
    ----------
    metrics, facts
        As of :func:`line_of`.
    stream, environ
        Instead of standard output and the process's environment.
    """
    stack = (os.environ if environ is None else environ).get(STACK_VARIABLE, "")
    if not stack or not metrics:
        return
    line = line_of(list(metrics), stack=stack, now=datetime.now(UTC), facts=facts)
    # One write: lines of threads must not mix. Standard output is looked up late, as it may change.
    out = stream or sys.stdout
    out.write(line + "\n")
    out.flush()
