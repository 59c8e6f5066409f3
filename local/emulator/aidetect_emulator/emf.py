"""Metrics out of log lines, as CloudWatch Logs makes them of its embedded metric format."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any


def metrics_in(lines: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """Return what PutMetricData takes, by namespace; lines that are no EMF make nothing."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        if '"_aws"' not in line:
            continue
        try:
            record = json.loads(line)
            when = datetime.fromtimestamp(record["_aws"]["Timestamp"] / 1000, UTC)
            for directive in record["_aws"]["CloudWatchMetrics"]:
                found.setdefault(directive["Namespace"], []).extend(_data(record, directive, when))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def _data(
    record: dict[str, Any], directive: dict[str, Any], when: datetime
) -> list[dict[str, Any]]:
    return [
        {
            "MetricName": metric["Name"],
            "Unit": metric.get("Unit", "None"),
            "Timestamp": when,
            "Dimensions": [{"Name": name, "Value": str(record[name])} for name in names],
            "Values": values if isinstance(values, list) else [values],
        }
        for names in directive["Dimensions"]
        for metric in directive["Metrics"]
        for values in [record[metric["Name"]]]
    ]
