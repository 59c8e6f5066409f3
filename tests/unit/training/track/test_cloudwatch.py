"""Metrics reach CloudWatch: few calls, one dimension value a detector, no value it refuses."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.unit.training.track.clock import Clock
from training.track.cloudwatch import CloudWatch

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
WHO = {"Detector": "mine", "Stage": "train"}


@pytest.fixture
def client(aws: None) -> "CloudWatchClient":
    return boto3.client("cloudwatch", region_name="us-east-1")


class Counted:
    """The client, counting its calls."""

    def __init__(self, client: "CloudWatchClient") -> None:
        self.client, self.calls = client, []  # type: ignore[var-annotated]

    def put_metric_data(self, **arguments: Any) -> Any:
        self.calls.append(arguments)
        return self.client.put_metric_data(**arguments)


def tracker(client: Any, clock: Clock, who: Mapping[str, str] = WHO) -> CloudWatch:
    return CloudWatch(client, namespace="ns", dimensions=who, clock=clock, now=lambda: NOW)


def test_values_arrive_under_their_dimensions(client: "CloudWatchClient") -> None:
    kept = tracker(client, Clock())
    kept.log(1, {"train/loss": 0.5})
    kept.finish({"auc": 0.75})
    names = {
        m["MetricName"]: {d["Name"]: d["Value"] for d in m["Dimensions"]}
        for m in client.list_metrics(Namespace="ns")["Metrics"]
    }
    assert names == {"train/loss": WHO, "auc": WHO}
    found = client.get_metric_statistics(
        Namespace="ns",
        MetricName="train/loss",
        Dimensions=[{"Name": name, "Value": value} for name, value in WHO.items()],
        StartTime=NOW - timedelta(minutes=1),
        EndTime=NOW + timedelta(minutes=1),
        Period=60,
        Statistics=["Average"],
    )
    assert [point["Average"] for point in found["Datapoints"]] == [0.5]


def test_one_call_a_minute_with_the_newest_values(client: "CloudWatchClient") -> None:
    counted, clock = Counted(client), Clock()
    kept = tracker(counted, clock)
    for step in range(300):
        kept.log(step, {"train/loss": float(step), "train/rate": 1.0})
        clock.wait(1)
    kept.finish({})
    assert len(counted.calls) == 5
    assert all(len(call["MetricData"]) == 2 for call in counted.calls)
    assert counted.calls[-1]["MetricData"][0]["Value"] == 299


def test_a_value_it_would_refuse_does_not_take_the_others_with_it(
    client: "CloudWatchClient",
) -> None:
    counted = Counted(client)
    kept = tracker(counted, Clock())
    kept.log(1, {"nan": math.nan, "inf": math.inf, "huge": 1e300, "good": 1.0})
    kept.finish({})
    assert [d["MetricName"] for d in counted.calls[0]["MetricData"]] == ["good"]


def test_nothing_to_say_is_no_call(client: "CloudWatchClient") -> None:
    counted = Counted(client)
    tracker(counted, Clock()).finish({})
    assert counted.calls == []


def test_many_metrics_are_put_in_batches(client: "CloudWatchClient") -> None:
    counted = Counted(client)
    kept = tracker(counted, Clock())
    kept.log(1, {f"m{n}": 1.0 for n in range(1001)})
    kept.finish({})
    assert [len(call["MetricData"]) for call in counted.calls] == [1000, 1]
