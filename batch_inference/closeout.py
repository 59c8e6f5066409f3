"""Closes a batch: a row for whatever has none, then the summary."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING

from batch_inference.judge import error_row
from batch_inference.ledger import committed_chunks, read_record, read_summary, write_summary
from batch_inference.shard import Slice, Unit, Units, layout_of
from batch_inference.tally import READERS, count_chunks
from batch_inference.writer import commit
from detector.plan import BatchPlan, Shard
from detector.reason import ImageError, Reason
from detector.sketch import Sketch
from detector.summary import BatchSummary, Counts, ShardRecord, Status

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


Price = Callable[[BatchSummary, Sequence[ShardRecord | None]], object]


def close_out(
    plan: BatchPlan, *, s3: "S3Client", now: datetime, price: Price | None = None
) -> BatchSummary:
    """Give every image without a row a ``not_scored`` row, and write ``summary.json``.

    Nothing is ever overwritten, so it may be repeated: the first summary stands.

    Parameters
    ----------
    plan
        The batch, all of whose shards have ended, well or not.
    s3
        Client.
    now
        The time, aware; for the rows and for how long the batch took.
    price
        Puts on record what the batch cost, before the summary says that it is done.
    """
    if (written := read_summary(s3, plan)) is not None:
        return written
    with ThreadPoolExecutor(READERS) as readers:
        records = list(readers.map(lambda shard: read_record(s3, plan, shard.index), plan.shards))
    totals, failed = Counts(), []
    for shard, record in zip(plan.shards, records, strict=True):
        counts = _close_shard(plan, shard, s3, now) if record is None else record.counts
        totals += counts
        # In a shard that ended well too: what the detector gave no number for is not scored.
        if counts.reasons.get(Reason.NOT_SCORED):
            failed.append(shard.index)
    layout = layout_of(plan)
    summary = BatchSummary(
        batch=plan.batch,
        status=Status.INCOMPLETE if failed else Status.COMPLETE,
        lane=plan.lane.value,
        counts=totals,
        detector=str(plan.detector),
        run_date=plan.run_date,
        started_at=plan.started_at,
        finished_at=now.isoformat(),
        seconds=max(0.0, (now - datetime.fromisoformat(plan.started_at)).total_seconds()),
        shards=len(plan.shards),
        manifest=str(layout.manifest),
        results=str(layout.results),
        failed_shards=tuple(failed),
        purpose=plan.purpose,
        sketch=_sketch(records),
    )
    if price is not None:
        price(summary, records)
    return write_summary(s3, plan, summary)


def _sketch(records: Iterable[ShardRecord | None]) -> Sketch | None:
    sketches = [record.sketch for record in records if record and record.sketch]
    return sum(sketches, start=Sketch()) if sketches else None


def _close_shard(plan: BatchPlan, shard: Shard, s3: "S3Client", now: datetime) -> Counts:
    committed = committed_chunks(s3, plan, shard)
    layout = layout_of(plan)
    counts = count_chunks(s3, plan, committed)
    units = Units(Slice(s3, layout.manifest, shard), plan.chunk_size)
    for name, unit in _missing(units, committed):
        error = ImageError(Reason.NOT_SCORED)
        rows = [error_row(plan, source, error, now=now) for source in unit.sources]
        counts[name] = commit(s3, layout.chunk(name), rows)
    return sum(counts.values(), start=Counts())


def _missing(units: Iterable[Unit], committed: set[str]) -> list[tuple[str, Unit]]:
    """Return the units that are not done, each with the name of the chunk that would end it.

    An archive of which some members have rows gets one row for itself: which members are left
    cannot be known without reading it.
    """
    names = ((unit.end_name if unit.archive else unit.name, unit) for unit in units)
    return [(name, unit) for name, unit in names if name not in committed]
