"""The ledger of a batch: what is measured, what is assumed, and that it says so."""

from typing import Any

import pytest

from detector.costs.actual import ledger_of
from detector.costs.bill import total
from detector.costs.ledger import CostLedger
from detector.costs.machines import MACHINES
from detector.costs.prices import Price
from detector.plan import BatchPlan, DetectorRef, Lane, Shard
from detector.summary import BatchSummary, Counts, ShardRecord, Status


def plan(lane: Lane = Lane.BATCH, shards: int = 2) -> BatchPlan:
    return BatchPlan(
        batch="b",
        run_date="2026-11-23",
        started_at="2026-11-23T00:00:00+00:00",
        bucket="results",
        lane=lane,
        entries=2000,
        shards=tuple(
            Shard(index=i, first=1000 * i, count=1000, offset=0, length=9) for i in range(shards)
        ),
        detector=DetectorRef(bucket="m", name="probe", version="1"),
    )


def record(**given: Any) -> ShardRecord:
    values = {"seconds": 100.0, "chunks": 2, "gets": 1000, "instance": "g5.xlarge"} | given
    return ShardRecord(batch="b", shard=0, counts=Counts(rows=1000), **values)


def ledger(
    *records: ShardRecord | None,
    lane: Lane = Lane.BATCH,
    origin: str = "",
    hour: float | None = 0.40,
) -> CostLedger:
    summary = BatchSummary(
        batch="b",
        status=Status.COMPLETE,
        lane=lane,
        counts=Counts(rows=2000),
        detector="probe@1",
        run_date="2026-11-23",
        started_at="2026-11-23T00:00:00+00:00",
        finished_at="2026-11-23T00:10:00+00:00",
        seconds=600.0,
        shards=2,
        manifest="s3://results/m",
        results="s3://results/r",
    )
    price = None if hour is None else Price(hour, "hour", "https://example.org/spot")
    return ledger_of(
        plan(lane, len(records)), summary, records, origin=origin, hour=lambda _name: price
    )


def test_jobs_are_paid_by_the_machine_that_they_name() -> None:
    found = ledger(record(), record())
    assert (found.instance, found.gpu_seconds, found.unknown) == ("g5.xlarge", 200.0, ())
    (scoring,) = [item for item in found.items if item.name == "g5.xlarge on spot, scoring"]
    # Two jobs of 100 s and their start of 20 s, at 0.40 an hour.
    assert scoring.dollars == pytest.approx(240 / 3600 * 0.40)
    # What spot asked for is a mean of zones.
    assert scoring.estimate
    assert found.dollars == total(found.items)
    assert found.per_thousand == pytest.approx(found.dollars / 2)


def test_an_hour_costs_what_ec2_says() -> None:
    asked = ledger(record(), hour=0.25)
    assert (asked.instance_hour_dollars, asked.unknown) == (0.25, ())
    (scoring,) = [item for item in asked.items if item.name == "g5.xlarge on spot, scoring"]
    assert scoring.dollars == pytest.approx(120 / 3600 * 0.25)
    assert scoring.source == "https://example.org/spot"
    silent = ledger(record(), hour=None)
    assert silent.instance_hour_dollars == MACHINES["g5.xlarge"].spot
    assert any("EC2 did not say" in said for said in silent.unknown)


@pytest.mark.parametrize(
    ("lane", "instance"), [(Lane.EXPRESS, "g5.xlarge"), (Lane.BATCH, ""), (Lane.BATCH, "m7i.metal")]
)
def test_ec2_is_asked_only_of_machines_that_jobs_named(lane: Lane, instance: str) -> None:
    assert ledger(record(instance=instance), lane=lane, hour=99.0).dollars < 0.1


def test_reads_are_counted_and_not_assumed() -> None:
    (few,) = [i for i in ledger(record(), record()).items if i.name == "S3 reads"]
    (many,) = [i for i in ledger(record(gets=500_000), record()).items if i.name == "S3 reads"]
    assert not few.estimate
    assert many.dollars - few.dollars == pytest.approx(499_000 * 0.4e-6)


def test_what_is_not_known_is_said() -> None:
    nowhere = ledger(record(instance=""), record(instance=""))
    assert nowhere.instance == "g6.xlarge"
    assert "priced as g6.xlarge" in nowhere.unknown[0]
    lost = ledger(record(), None)
    assert lost.gpu_seconds == 700.0
    assert "left no record" in lost.unknown[0]


def test_an_attempt_that_went_on_is_charged_for_the_one_before() -> None:
    found = ledger(record(attempt=2, resumed_chunks=1), record())
    assert found.gpu_seconds == 300.0
    assert "begun again" in found.unknown[0]


def test_the_express_lane_has_no_machine() -> None:
    found = ledger(record(instance="", seconds=3.0), lane=Lane.EXPRESS)
    assert (found.instance, found.gpu_seconds, found.unknown) == ("", 0.0, ())
    names = {item.name for item in found.items}
    assert "Lambda time" in names
    assert not any("spot" in name for name in names)


def test_only_dropped_images_came_with_events() -> None:
    dropped, backfill = ledger(record(), origin="intake"), ledger(record(), origin="backfill")
    assert dropped.dollars - backfill.dollars == pytest.approx(2000 * 1.2 * 0.4e-6)
