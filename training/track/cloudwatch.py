"""Metrics to Amazon CloudWatch: few, and seldom, since each is paid for."""

import math
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import DimensionTypeDef, MetricDatumTypeDef

NAMESPACE = "aidetect"
EVERY = 60.0
# Limits of PutMetricData: metrics of one call, and the range of a value.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
MAX_METRICS = 1000
MAX_VALUE = 2.0**360
# A run must not wait for its metrics.
CONFIG = Config(
    connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2}
)


def open_client() -> "CloudWatchClient":
    """Return a client; region, credentials and endpoint come from the environment."""
    return boto3.client("cloudwatch", config=CONFIG)


class CloudWatch:
    """Puts the newest value of each metric, at most one call in ``every`` seconds.

    The dimensions name the detector and the stage, not the run: every value of a dimension makes
    each metric one more metric that is paid for by the month.

    Parameters
    ----------
    client
        The client.
    namespace
        CloudWatch namespace.
    dimensions
        Name and value of each.
    every
        Seconds between calls, at least.
    clock, now
        Seconds since any time; the time of day.
    """

    def __init__(
        self,
        client: "CloudWatchClient",
        *,
        namespace: str = NAMESPACE,
        dimensions: Mapping[str, str],
        every: float = EVERY,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.client, self.namespace, self.every = client, namespace, every
        self.clock, self.now = clock, now
        self._dimensions: list[DimensionTypeDef] = [
            {"Name": name, "Value": value} for name, value in dimensions.items()
        ]
        self._held: dict[str, tuple[datetime, float]] = {}
        self._next = clock() + every

    def log(self, step: int, metrics: Mapping[str, float]) -> None:  # noqa: ARG002
        """Hold the newest values, and put them when it is time."""
        when = self.now()
        self._held.update({name: (when, value) for name, value in metrics.items()})
        if self.clock() >= self._next:
            self._put()

    def finish(self, summary: Mapping[str, float]) -> None:
        """Put what is held and the final numbers."""
        when = self.now()
        self._held.update({name: (when, value) for name, value in summary.items()})
        self._put()

    def _put(self) -> None:
        self._next = self.clock() + self.every
        held, self._held = self._held, {}
        data: list[MetricDatumTypeDef] = [
            {
                "MetricName": name,
                "Dimensions": self._dimensions,
                "Timestamp": when,
                "Value": float(value),
            }
            for name, (when, value) in held.items()
            if math.isfinite(value) and abs(value) <= MAX_VALUE
        ]
        for start in range(0, len(data), MAX_METRICS):
            self.client.put_metric_data(
                Namespace=self.namespace, MetricData=data[start : start + MAX_METRICS]
            )
