"""Counts of committed chunks, read from their footers."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from batch_inference.shard import layout_of
from batch_inference.writer import committed_counts
from detector.plan import BatchPlan
from detector.summary import Counts

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

READERS = 16


def count_chunks(s3: "S3Client", plan: BatchPlan, names: Collection[str]) -> dict[str, Counts]:
    """Return the counts of committed chunks by name, many read at once.

    Raises
    ------
    WriterError
        If an object among the results is not a chunk.
    """
    layout, ordered = layout_of(plan), sorted(names)
    with ThreadPoolExecutor(READERS) as readers:
        counts = readers.map(lambda name: committed_counts(s3, layout.chunk(name)), ordered)
        return dict(zip(ordered, counts, strict=True))
