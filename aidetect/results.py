"""Reads result rows back from the Parquet objects of a batch."""

import io
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from detector.layout import RESULTS_PREFIX
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# A row by column name, as detector.row documents it.
Row = dict[str, Any]


def _objects(s3: "S3Client", prefix: S3Uri) -> Iterator[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=prefix.bucket, Prefix=prefix.key)
    for page in pages:
        for item in page.get("Contents", []):
            key = item.get("Key", "")
            if key.endswith(".parquet"):
                yield key


def read_rows(s3: "S3Client", prefix: S3Uri) -> Iterator[Row]:
    """Yield every row below a prefix, one object in memory at a time."""
    for key in _objects(s3, prefix):
        body = s3.get_object(Bucket=prefix.bucket, Key=key)["Body"].read()
        yield from pq.ParquetFile(io.BytesIO(body)).read().to_pylist()


def matches(row: Row, wanted: str) -> bool:
    """Whether a row is of the image a person named: by URI, by key, or by the end of either."""
    return any(
        isinstance(name, str) and (name == wanted or name.endswith("/" + wanted))
        for name in (row["image"], row["key"], row["member"])
    )


def find(s3: "S3Client", bucket: str, wanted: str, *, today: date, days: int) -> list[Row]:
    """Return the rows of an image, newest first, from the newest day that has any.

    Parameters
    ----------
    wanted
        ``s3://bucket/key``, a key, a file name, or ``archive.tar#member``.
    today
        Where to begin, UTC.
    days
        How many days to look back.
    """
    for back in range(days):
        day = today - timedelta(days=back)
        prefix = S3Uri(bucket, f"{RESULTS_PREFIX}run_date={day:%Y-%m-%d}/")
        rows = [row for row in read_rows(s3, prefix) if matches(row, wanted)]
        if rows:
            return sorted(rows, key=lambda row: row["scored_at"], reverse=True)
    return []
