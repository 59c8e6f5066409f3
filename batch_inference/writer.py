"""Commits a chunk: one conditional PUT, so that each exists once, whoever writes it first."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from batch_inference.errors import WriterError
from batch_inference.parquet import FooterError, counts_in, to_parquet
from batch_inference.s3_error import code_of
from detector.row import ResultRow
from detector.summary import Counts
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Another attempt committed the object, or is about to.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
_EXISTS = frozenset({"PreconditionFailed", "412"})
_CONFLICT = frozenset({"ConditionalRequestConflict", "409"})
CONFLICT_TRIES = 5
CONFLICT_PAUSE = 0.2
# The footer of 22 columns takes 6 KB.
TAIL = 64 << 10


def put_once(s3: "S3Client", where: S3Uri, data: bytes, content_type: str) -> bool:
    """Write an object unless it exists; return whether this call wrote it.

    Raises
    ------
    WriterError
        If other writers kept getting in the way.
    """
    for attempt in range(CONFLICT_TRIES):
        try:
            s3.put_object(
                Bucket=where.bucket,
                Key=where.key,
                Body=data,
                ContentType=content_type,
                IfNoneMatch="*",
            )
        except ClientError as error:
            code = code_of(error)
            if code in _EXISTS:
                return False
            if code not in _CONFLICT:
                raise
            time.sleep(CONFLICT_PAUSE * 2**attempt)
        else:
            return True
    raise WriterError(f"{where}: other writers kept getting in the way; run the shard again")


def commit(s3: "S3Client", where: S3Uri, rows: Sequence[ResultRow]) -> Counts:
    """Commit a chunk, and return its counts: another attempt's where that one was first."""
    if put_once(s3, where, to_parquet(rows), "application/vnd.apache.parquet"):
        return Counts.of((row.verdict, row.reason) for row in rows)
    return committed_counts(s3, where)


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
