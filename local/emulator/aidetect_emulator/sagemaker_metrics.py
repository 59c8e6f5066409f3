"""Metrics that SageMaker reads from a container's log by regular expression.

https://docs.aws.amazon.com/sagemaker/latest/dg/training-metrics.html
"""

import re
from collections.abc import Mapping
from typing import Any


class MetricWatch:
    """Looks at each line; keeps each metric's last value."""

    def __init__(self, algorithm: Mapping[str, Any]) -> None:
        given = algorithm.get("MetricDefinitions") or []
        self._rules = [(str(m["Name"]), re.compile(str(m["Regex"]))) for m in given]
        self.last: dict[str, float] = {}

    def look(self, line: str) -> None:
        """Take a line."""
        for name, pattern in self._rules:
            found = pattern.search(line)
            if found is None or not found.groups():
                continue
            try:
                self.last[name] = float(found[1])
            except ValueError:
                continue
