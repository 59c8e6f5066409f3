"""Closing a batch: a row for whatever has none, and one summary that stands."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from batch_inference.closeout import close_out
from batch_inference.engine import Scores
from batch_inference.job import score_shard
from batch_inference.ledger import read_summary
from batch_inference.shard import shard_of
from detector.package import DetectorPackage
from detector.plan import BatchPlan
from detector.preprocess import Pixels
from detector.reason import Reason
from detector.summary import BatchSummary, ShardRecord, Status
from detector.verdict import Verdict
from tests.unit.batch_inference import support
from tests.unit.batch_inference.archives import tar_of
from tests.unit.batch_inference.support import FakeEngine, InlineDecoder, chunk_keys, read_rows

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOW = datetime(2026, 1, 2, 3, 14, 5, tzinfo=UTC)


@pytest.fixture
def plan(s3: "S3Client") -> BatchPlan:
    """Three shards of three: objects, an archive of five in the second, objects."""
    files = {f"{n}.png": support.noise_png(n) for n in range(9)}
    files["4.png"] = b""
    entries = support.put_entries(s3, files)
    inside = tar_of([(f"m{n}.png", support.noise_png(n)) for n in range(5)])
    entries[4] = support.put_entries(s3, {"4.tar": inside})[0]
    return support.make_plan(s3, entries, chunk_size=2, shards=3)


@pytest.fixture
def score(
    s3: "S3Client", plan: BatchPlan, package: DetectorPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Score the first two shards."""
    monkeypatch.setattr("batch_inference.job.Decoder", InlineDecoder)
    for index in (0, 1):
        score_shard(
            plan,
            shard_of(plan, index),
            s3=s3,
            package=package,
            engine=FakeEngine(),
            attempt=1,
            settings=support.FEW,
        )


def forget(s3: "S3Client", plan: BatchPlan, *names: str) -> None:
    """Delete objects, as if the job had been killed before it wrote them."""
    for name in names:
        s3.delete_object(Bucket=plan.bucket, Key=name)


def chunk(plan: BatchPlan, name: str) -> str:
    return f"results/run_date={plan.run_date}/batch={plan.batch}/part-{name}.parquet"


def record(plan: BatchPlan, index: int) -> str:
    return f"batches/{plan.batch}/shards/{index:05d}.json"


@pytest.mark.usefixtures("score")
def test_a_shard_that_never_ran_gets_error_rows(s3: "S3Client", plan: BatchPlan) -> None:
    summary = close_out(plan, s3=s3, now=NOW)

    rows = read_rows(s3, plan)
    assert [row["entry"] for row in rows] == [0, 1, 2, 3, 4, 4, 4, 4, 4, 5, 6, 7, 8]
    assert [row["reason"] for row in rows][-3:] == ["not_scored"] * 3
    assert summary.counts.rows == len(rows)
    assert summary.counts.verdicts[Verdict.ERROR] == 3
    assert summary.status is Status.INCOMPLETE
    assert summary.failed_shards == (2,)
    assert summary.seconds == 600
    assert summary.results.endswith(f"batch={plan.batch}/")
    stored = s3.get_object(Bucket=plan.bucket, Key=f"batches/{plan.batch}/summary.json")
    assert BatchSummary.parse(stored["Body"].read()) == summary


@pytest.mark.usefixtures("score")
def test_a_shard_killed_inside_an_archive_keeps_what_it_has(
    s3: "S3Client", plan: BatchPlan
) -> None:
    forget(s3, plan, record(plan, 1), chunk(plan, "000000004-end"), chunk(plan, "000000005"))

    summary = close_out(plan, s3=s3, now=NOW)

    rows = [row for row in read_rows(s3, plan) if 3 <= row["entry"] <= 5]
    assert [(row["entry"], row["member"], row["reason"]) for row in rows] == [
        (3, None, None),
        (4, "m0.png", None),
        (4, "m1.png", None),
        (4, "m2.png", None),
        (4, "m3.png", None),
        (4, None, "not_scored"),
        (5, None, "not_scored"),
    ]
    assert summary.counts.reasons == {Reason.NOT_SCORED: 5}
    assert summary.failed_shards == (1, 2)


@pytest.mark.usefixtures("score")
def test_a_shard_that_lacks_only_its_record_is_complete(s3: "S3Client", plan: BatchPlan) -> None:
    two = plan.model_copy(update={"shards": plan.shards[:2]})
    forget(s3, plan, record(plan, 0), record(plan, 1))
    before = chunk_keys(s3, plan)

    summary = close_out(two, s3=s3, now=NOW)

    assert (summary.status, summary.failed_shards) == (Status.COMPLETE, ())
    assert summary.counts.rows == 10
    assert chunk_keys(s3, plan) == before


class Numberless(FakeEngine):
    """An engine whose graph gives no number."""

    def run(self, pixels: Pixels) -> Scores:
        scores = super().run(pixels)
        return Scores(np.full_like(scores.logits, np.nan), scores.embeddings)


@pytest.mark.parametrize("recorded", [True, False])
def test_an_image_the_detector_gives_no_number_for_leaves_the_batch_incomplete(
    s3: "S3Client",
    plan: BatchPlan,
    package: DetectorPackage,
    monkeypatch: pytest.MonkeyPatch,
    recorded: bool,
) -> None:
    monkeypatch.setattr("batch_inference.job.Decoder", InlineDecoder)
    one = plan.model_copy(update={"shards": plan.shards[:1]})
    score_shard(
        one, one.shards[0], s3=s3, package=package, engine=Numberless(), attempt=1,
        settings=support.FEW,
    )  # fmt: skip
    if not recorded:
        forget(s3, plan, record(plan, 0))

    summary = close_out(one, s3=s3, now=NOW)

    assert summary.counts.reasons == {Reason.NOT_SCORED: 3}
    assert (summary.status, summary.failed_shards) == (Status.INCOMPLETE, (0,))


@pytest.mark.usefixtures("score")
def test_repeated_it_changes_nothing(s3: "S3Client", plan: BatchPlan) -> None:
    first = close_out(plan, s3=s3, now=NOW)
    rows = read_rows(s3, plan)
    later = NOW.replace(hour=9)

    assert close_out(plan, s3=s3, now=later) == first
    # Even when the first was killed before its summary: the rows stay those of the first.
    forget(s3, plan, f"batches/{plan.batch}/summary.json")
    second = close_out(plan, s3=s3, now=later)
    assert second == first.model_copy(
        update={"finished_at": second.finished_at, "seconds": second.seconds}
    )
    assert read_rows(s3, plan) == rows


@pytest.mark.usefixtures("score")
def test_a_late_scorer_does_not_add_rows(
    s3: "S3Client", plan: BatchPlan, package: DetectorPackage
) -> None:
    close_out(plan, s3=s3, now=NOW)
    rows = read_rows(s3, plan)
    late = score_shard(
        plan, shard_of(plan, 2), s3=s3, package=package, engine=FakeEngine(), attempt=2,
        settings=support.FEW,
    )  # fmt: skip
    assert late.counts.reasons == {Reason.NOT_SCORED: 3}
    assert read_rows(s3, plan) == rows


@pytest.mark.usefixtures("score")
def test_the_price_is_reckoned_before_the_summary_says_done(
    s3: "S3Client", plan: BatchPlan
) -> None:
    seen: list[tuple[BatchSummary, list[bool]]] = []

    def price(came: BatchSummary, records: Sequence[ShardRecord | None]) -> None:
        assert read_summary(s3, plan) is None
        seen.append((came, [record is not None for record in records]))

    summary = close_out(plan, s3=s3, now=NOW, price=price)
    close_out(plan, s3=s3, now=NOW, price=price)
    assert seen == [(summary, [True, True, False])]
