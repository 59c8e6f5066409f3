"""What a batch has on record in S3: its plan, its committed chunks, its finished shards."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from batch_inference.s3_error import code_of
from batch_inference.shard import layout_of
from batch_inference.writer import put_once
from detector.plan import BatchPlan, Shard, chunk_name
from detector.summary import BatchSummary, ShardRecord
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_JSON = "application/json"


def read_object(s3: "S3Client", where: S3Uri) -> bytes | None:
    """Return a small object's bytes, or None when it does not exist."""
    try:
        with s3.get_object(Bucket=where.bucket, Key=where.key)["Body"] as body:
            return body.read()
    except ClientError as error:
        if code_of(error) in {"NoSuchKey", "404"}:
            return None
        raise


def list_keys(s3: "S3Client", prefix: S3Uri, after: str) -> Iterator[str]:
    """Yield the keys under a prefix, in order, that come after ``after``."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=prefix.bucket, Prefix=prefix.key, StartAfter=after
    )
    for page in pages:
        for item in page.get("Contents", ()):
            yield item["Key"]


def committed_chunks(s3: "S3Client", plan: BatchPlan, shard: Shard) -> set[str]:
    """Return the names of a shard's committed chunks.

    Lists from the shard's first possible name on and stops behind its last, so that ten thousand
    shards do not each list the whole batch.
    """
    layout = layout_of(plan)
    stem = layout.results.join("part-").key
    # Just before the first name: a key that sorts below "part-000000120" and above its neighbours.
    after, end = stem + chunk_name(shard.first), stem + chunk_name(shard.first + shard.count)
    names = set()
    for key in list_keys(s3, layout.results, after):
        if key >= end:
            break
        names.add(PurePosixPath(key).name.removeprefix("part-").removesuffix(".parquet"))
    return names


def read_record(s3: "S3Client", plan: BatchPlan, index: int) -> ShardRecord | None:
    """Return the record of a shard, or None when it has not been finished."""
    where = layout_of(plan).shard(index)
    text = read_object(s3, where)
    return None if text is None else ShardRecord.parse(text, where=str(where))


def write_record(s3: "S3Client", plan: BatchPlan, record: ShardRecord) -> ShardRecord:
    """Put a shard on record, and return the record that counts: the first one written."""
    where = layout_of(plan).shard(record.shard)
    if put_once(s3, where, record.dumps().encode(), _JSON):
        return record
    return read_record(s3, plan, record.shard) or record


def read_summary(s3: "S3Client", plan: BatchPlan) -> BatchSummary | None:
    """Return the summary of a batch, or None when it has none yet."""
    where = layout_of(plan).summary
    text = read_object(s3, where)
    return None if text is None else BatchSummary.parse(text, where=str(where))


def write_summary(s3: "S3Client", plan: BatchPlan, summary: BatchSummary) -> BatchSummary:
    """Write a batch's summary once, and return the one that counts: the first one written."""
    if put_once(s3, layout_of(plan).summary, summary.dumps().encode(), _JSON):
        return summary
    return read_summary(s3, plan) or summary
