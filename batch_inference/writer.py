"""Commits a chunk: one conditional PUT, so that each exists once, whoever writes it first."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from batch_inference import log
from batch_inference.errors import WriterError
from batch_inference.evidence_parquet import evidence_to_parquet
from batch_inference.parquet import FooterError, counts_in, to_parquet
from batch_inference.s3_error import FAILURES
from detector import once
from detector.evidence import Evidence
from detector.once import WriteConflictError
from detector.row import ResultRow
from detector.summary import Counts
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# The footer of 25 columns takes 7 KB.
TAIL = 64 << 10
PARQUET = "application/vnd.apache.parquet"


def put_once(s3: "S3Client", where: S3Uri, data: bytes, content_type: str) -> bool:
    """Write an object unless it exists; return whether this call wrote it.

    Raises
    ------
    WriterError
        If other writers kept getting in the way.
    """
    try:
        return once.put_once(s3, where, data, content_type=content_type)
    except WriteConflictError as error:
        raise WriterError(f"{error}: run the shard again") from error


def commit(s3: "S3Client", where: S3Uri, rows: Sequence[ResultRow]) -> Counts:
    """Commit a chunk, and return its counts: another attempt's where that one was first."""
    if put_once(s3, where, to_parquet(rows), PARQUET):
        return Counts.of((row.verdict, row.reason) for row in rows)
    return committed_counts(s3, where)


def keep_evidence(s3: "S3Client", where: S3Uri, evidence: Sequence[Evidence]) -> None:
    """Put a chunk's evidence, unless there is some; the rows count, so a failure is only told.

    To be called before the rows are committed: a chunk that has its rows is never looked at again.
    """
    if not evidence:
        return
    try:
        put_once(s3, where, evidence_to_parquet(evidence), PARQUET)
    except (*FAILURES, WriterError, pa.ArrowException) as error:
        log.warning("evidence not kept", object=str(where), error=str(error))


def committed_counts(s3: "S3Client", where: S3Uri) -> Counts:
    """Read the counts of a committed chunk from its footer.

    Raises
    ------
    WriterError
        If the object is not a chunk.
    """
    answer = s3.get_object(Bucket=where.bucket, Key=where.key, Range=f"bytes=-{TAIL}")
    with answer["Body"] as body:
        tail = body.read()
    try:
        return counts_in(tail)
    except FooterError as error:
        raise WriterError(
            f"{where} is {error}: something else wrote into the results; move it away"
        ) from error
