"""Reads the rows and the evidence of a batch, chunk by chunk, and keeps what a page can show."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from batch_inference.evidence_reader import chunk_evidence
from batch_inference.ledger import list_keys, read_object
from batch_inference.report.histogram import Histogram
from batch_inference.report.pick import Pick, Shown
from batch_inference.shard import layout_of
from detector.evidence import MAX_IMAGES, Evidence
from detector.plan import BatchPlan
from detector.verdict import Decision

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# A million images in chunks of a thousand; of more, these, evenly spread over the batch.
MAX_CHUNKS = 1000
READERS = 8
_RANKED = ("verdict", "probability", "reason", "provenance", "image")


@dataclass(frozen=True, slots=True)
class Gathered:
    """What of a batch a page can show.

    Attributes
    ----------
    shown
        Most telling first.
    histogram
        Of all rows that were read.
    rows_read, chunks_read, chunks
        How much of the batch was read: all of it unless it is large or time was short.
    """

    shown: list[Shown]
    histogram: Histogram
    rows_read: int
    chunks_read: int
    chunks: int


def chunk_names(s3: "S3Client", plan: BatchPlan) -> list[str]:
    """Return the names of a batch's committed chunks, in order."""
    names = (PurePosixPath(key).name for key in list_keys(s3, layout_of(plan).results, ""))
    return [
        name.removeprefix("part-").removesuffix(".parquet")
        for name in names
        if name.startswith("part-") and name.endswith(".parquet")
    ]


def spread(names: list[str], most: int) -> list[str]:
    """Return at most so many names, evenly from the first to the last."""
    if len(names) <= most:
        return names
    return [names[place * len(names) // most] for place in range(most)]


def gather(
    plan: BatchPlan,
    *,
    s3: "S3Client",
    decision: Decision | None,
    late: Callable[[], bool] = lambda: False,
    places: int = MAX_IMAGES,
) -> Gathered:
    """Read a batch's rows and evidence, and choose what to show.

    Holds a few chunks and a page's worth of images at a time, however large the batch is.

    Parameters
    ----------
    plan, s3
        The batch, and a client that may read its results and its evidence.
    decision
        The detector's bands, where known: what is near the threshold comes first.
    late
        Asked between reads; once it says so, the rest of the batch is not read.
    places
        How many images at most.
    """
    names = chunk_names(s3, plan)
    wanted = spread(names, MAX_CHUNKS)
    pick, histogram, read = Pick(decision, places), Histogram(), 0
    with ThreadPoolExecutor(READERS) as readers:
        for start in range(0, len(wanted), READERS):
            if start and late():
                break
            group = wanted[start : start + READERS]
            for table, evidence in readers.map(lambda name: _read(s3, plan, name), group):
                _take(table, evidence, pick, histogram)
            read += len(group)
    return Gathered(pick.chosen(), histogram, pick.seen, read, len(names))


def _read(s3: "S3Client", plan: BatchPlan, name: str) -> tuple[pa.Table, dict[str, Evidence]]:
    layout = layout_of(plan)
    data = read_object(s3, layout.chunk(name))
    if data is None:
        raise FileNotFoundError(f"{layout.chunk(name)} was there and is gone: score the batch anew")
    # Evidence is optional: a chunk without it is complete.
    evidence = chunk_evidence(s3, layout.evidence(name)) if plan.evidence_images else {}
    return pq.read_table(pa.BufferReader(data)), evidence


def _take(table: pa.Table, evidence: dict[str, Evidence], pick: Pick, histogram: Histogram) -> None:
    # Rows of an older version lack the newer columns.
    empty = [None] * len(table)
    verdicts, probabilities, reasons, provenance, images = (
        list[Any](table[name].to_pylist() if name in table.column_names else empty)
        for name in _RANKED
    )
    histogram.add(verdicts, probabilities)
    wanted = []
    for place, image in enumerate(images):
        rank = pick.rank(
            verdicts[place],
            probabilities[place],
            reasons[place],
            provenance[place],
            evidence=image in evidence,
        )
        if pick.wants(rank):
            wanted.append((place, rank))
    places = pa.array([place for place, _ in wanted], pa.int64())
    for (_, rank), row in zip(wanted, table.take(places).to_pylist(), strict=True):
        pick.add(rank, Shown(row, evidence.get(row["image"])))
