"""Choosing what a page shows, of batches of any size."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from batch_inference.evidence_parquet import evidence_to_parquet
from batch_inference.parquet import to_parquet
from batch_inference.report import gather as module
from batch_inference.report.gather import gather, spread
from batch_inference.report.write import describe, write_report
from batch_inference.shard import layout_of
from detector.evidence import Evidence
from detector.plan import BatchPlan, DetectorRef, Lane, Shard
from detector.provenance import Claim
from detector.reason import Reason
from detector.row import ResultRow
from detector.summary import BatchSummary
from detector.uri import S3Uri
from detector.verdict import Verdict
from tests.browser.batch import DECISION, Batch, ordinary
from tests.unit.batch_inference.support import MODELS, REF, RESULTS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from detector.package import DetectorPackage

NAMES = {field.name for field in fields(ResultRow)}


def plan_of(entries: int) -> BatchPlan:
    return BatchPlan(
        batch="b",
        run_date="2026-11-26",
        started_at="2026-11-26T08:00:00+00:00",
        bucket=RESULTS,
        lane=Lane.BATCH,
        entries=entries,
        shards=(Shard(index=0, first=0, count=entries, offset=1, length=1),),
        detector=REF,
    )


def store(s3: "S3Client", plan: BatchPlan, batch: Batch, size: int) -> None:
    """Write a batch as the scorer does, in chunks of so many images."""
    layout = layout_of(plan)
    for first in range(0, len(batch.images), size):
        images, name = batch.images[first : first + size], f"{first:09d}"
        rows = [
            ResultRow(
                **{
                    **{k: v for k, v in image.row.items() if k in NAMES},
                    "verdict": Verdict(image.row["verdict"]),
                    "reason": image.row["reason"] and Reason(image.row["reason"]),
                }
            )
            for image in images
        ]
        put(s3, layout.chunk(name), to_parquet(rows))
        evidence = [image.evidence for image in images if image.evidence]
        put(s3, layout.evidence(name), evidence_to_parquet(evidence))


def put(s3: "S3Client", where: S3Uri, data: bytes) -> None:
    s3.put_object(Bucket=where.bucket, Key=where.key, Body=data)


def test_a_small_batch_is_shown_whole_with_its_evidence(s3: "S3Client") -> None:
    batch, plan = ordinary(60), plan_of(60)
    store(s3, plan, batch, 25)
    found = gather(plan, s3=s3, decision=DECISION)
    assert (found.rows_read, found.chunks_read, found.chunks) == (60, 3, 3)
    shown = {image.row["image"]: image for image in found.shown}
    assert len(shown) == 60
    for image in batch.images:
        same = shown[image.row["image"]]
        assert same.row["verdict"] == image.row["verdict"]
        assert same.row["provenance"] == image.row["provenance"]
        if image.evidence and image.evidence.heat:
            assert same.evidence
            assert same.evidence.thumbnail == image.evidence.thumbnail
            assert same.evidence.heat
            assert same.evidence.heat.values == image.evidence.heat.values
    scored = sum(image.row["probability"] is not None for image in batch.images)
    assert found.histogram.rows == scored


def bare(batch: Batch, key: str, probability: float, **values: Any) -> None:
    batch.add(key, probability=probability, **values)


def test_of_a_large_batch_the_most_telling_are_shown(s3: "S3Client") -> None:
    batch = Batch()
    bare(batch, "plain-unsure", 0.6)
    bare(batch, "far-ai", 0.99, evidence=(b"RIFF",))
    bare(batch, "near-ai", 0.83, evidence=(b"RIFF",))
    bare(batch, "near-real", 0.46, evidence=(b"RIFF",))
    bare(batch, "far-real", 0.01, evidence=(b"RIFF",))
    bare(batch, "contradicted", 0.02, provenance=Claim.C2PA_AI.value, evidence=(b"RIFF",))
    bare(batch, "unsure", 0.8, evidence=(b"RIFF",))
    for n in range(30):
        batch.add(f"bomb-{n}", reason=Reason.BOMB)
    batch.add("empty", reason=Reason.EMPTY)
    plan = plan_of(len(batch.images))
    store(s3, plan, batch, 10)
    places = 8
    found = gather(plan, s3=s3, decision=DECISION, places=places)
    keys = [image.row["key"] for image in found.shown]
    assert keys[:7] == [
        "unsure",
        "contradicted",
        "near-ai",
        "far-ai",
        "near-real",
        "far-real",
        "plain-unsure",
    ]
    assert len(keys) == places
    assert found.rows_read == 38
    more = gather(plan, s3=s3, decision=DECISION, places=10)
    assert [image.row["key"] for image in more.shown][7:] == ["bomb-0", "empty", "bomb-1"]


def test_errors_keep_a_tenth_of_a_page_that_is_too_small(s3: "S3Client") -> None:
    batch = Batch()
    for n in range(40):
        bare(batch, f"{n}", n / 40)
        batch.add(f"bomb-{n}", reason=Reason.BOMB)
    plan = plan_of(80)
    store(s3, plan, batch, 80)
    found = gather(plan, s3=s3, decision=None, places=20)
    verdicts = [image.row["verdict"] for image in found.shown]
    assert verdicts.count("error") == 2
    assert len(verdicts) == 20


def test_of_a_huge_batch_chunks_are_read_evenly(
    s3: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    assert spread(list("abcdefghij"), 5) == list("acegi")
    assert spread(list("abc"), 5) == list("abc")
    batch, plan = ordinary(60), plan_of(60)
    store(s3, plan, batch, 5)
    monkeypatch.setattr(module, "MAX_CHUNKS", 6)
    found = gather(plan, s3=s3, decision=DECISION)
    assert (found.chunks_read, found.chunks, found.rows_read) == (6, 12, 30)
    assert {image.row["entry"] // 10 for image in found.shown} == set(range(6))


def test_when_time_is_short_what_was_read_is_shown(
    s3: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, plan = ordinary(60), plan_of(60)
    store(s3, plan, batch, 5)
    monkeypatch.setattr(module, "READERS", 2)
    found = gather(plan, s3=s3, decision=DECISION, late=lambda: True)
    assert (found.chunks_read, found.rows_read) == (2, 10)


def test_evidence_that_is_missing_or_no_good_costs_only_itself(s3: "S3Client") -> None:
    batch, plan = ordinary(20), plan_of(20)
    store(s3, plan, batch, 10)
    layout = layout_of(plan)
    put(s3, layout.evidence("000000000"), b"no Parquet")
    found = gather(plan, s3=s3, decision=DECISION)
    assert len(found.shown) == 20
    assert {bool(image.evidence) for image in found.shown if image.row["entry"] < 10} == {False}
    assert any(image.evidence for image in found.shown if image.row["entry"] >= 10)


def summary(plan: BatchPlan, batch: Batch) -> BatchSummary:
    return batch.summary.model_copy(update={"batch": plan.batch, "run_date": plan.run_date})


def test_the_report_is_written_and_may_be_written_again(
    s3: "S3Client", package: "DetectorPackage"
) -> None:
    batch, plan = ordinary(20), plan_of(20)
    store(s3, plan, batch, 10)
    where = write_report(plan, summary(plan, batch), s3=s3)
    assert where == layout_of(plan).report
    first = s3.get_object(Bucket=where.bucket, Key=where.key)
    assert first["ContentType"] == "text/html; charset=utf-8"
    body = first["Body"].read()
    assert b'"threshold":0.7' in body
    write_report(plan, summary(plan, batch), s3=s3)
    assert s3.get_object(Bucket=where.bucket, Key=where.key)["Body"].read() == body


def test_without_its_detector_a_batch_has_a_report_too(s3: "S3Client") -> None:
    batch, plan = ordinary(5), plan_of(5)
    store(s3, plan, batch, 10)
    assert describe(plan, s3) is None
    gone = plan.model_copy(
        update={"detector": DetectorRef(bucket="nowhere-bucket", name="a", version="1")}
    )
    assert describe(gone, s3) is None
    s3.put_object(Bucket=MODELS, Key="models/tiny/1.0.0/detector.json", Body=b"{}")
    where = write_report(plan, summary(plan, batch), s3=s3)
    assert b'"decision":null' in s3.get_object(Bucket=RESULTS, Key=where.key)["Body"].read()


def test_times_are_told_in_utc(s3: "S3Client") -> None:
    batch, plan = Batch(), plan_of(1)
    at = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)
    bare(batch, "a", 0.5, scored_at=at, evidence=None)
    store(s3, plan, batch, 1)
    (image,) = gather(plan, s3=s3, decision=None).shown
    assert image.row["scored_at"] == at
    assert image.evidence is None or isinstance(image.evidence, Evidence)
