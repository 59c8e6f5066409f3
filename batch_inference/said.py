"""What a detector said of the images of a batch that was closed: verdicts and probabilities."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from batch_inference.ledger import list_keys, read_object
from detector.uri import S3Uri
from detector.verdict import Verdict

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_COLUMNS = ["entry", "member", "key", "verdict", "probability"]


class Said(NamedTuple):
    """One row, in short; ``probability`` is None of an error row."""

    entry: int
    member: str | None
    key: str
    verdict: Verdict
    probability: float | None


def read_said(s3: "S3Client", results: S3Uri) -> Iterator[Said]:
    """Yield the rows below a prefix, one Parquet object in memory at a time."""
    for key in list_keys(s3, results, ""):
        data = read_object(s3, S3Uri(results.bucket, key))
        if data is None or not key.endswith(".parquet"):
            continue
        table = pq.read_table(pa.BufferReader(data), columns=_COLUMNS)
        columns: list[list[Any]] = [table[name].to_pylist() for name in _COLUMNS]
        for entry, member, name, verdict, probability in zip(*columns, strict=True):
            yield Said(entry, member, name, Verdict(verdict), probability)
