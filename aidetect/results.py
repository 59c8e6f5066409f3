"""Reads result rows back from the Parquet objects of a batch."""

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from detector.layout import RESULTS_PREFIX
from detector.uri import S3Uri

if TYPE_CHECKING:
    import pyarrow as pa
    from mypy_boto3_s3 import S3Client

# A row by column name, as detector.row documents it.
Row = dict[str, Any]


@dataclass(frozen=True)
class Chunk:
    """One Parquet object of results, and what its key tells."""

    where: S3Uri
    run_date: str
    batch: str

    @property
    def name(self) -> str:
        """Name of the chunk, by which its evidence is found."""
        return PurePosixPath(self.where.key).name.removeprefix("part-").removesuffix(".parquet")


_KEY = re.compile(r"(?:^|/)run_date=(?P<day>[^/]+)/batch=(?P<batch>[^/]+)/[^/]+\.parquet$")


def chunks(s3: "S3Client", prefix: S3Uri) -> Iterator[Chunk]:
    """Yield the result objects below a prefix."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=prefix.bucket, Prefix=prefix.key)
    for page in pages:
        for item in page.get("Contents", []):
            found = _KEY.search(item.get("Key", ""))
            if found:
                where = S3Uri(prefix.bucket, item.get("Key", ""))
                yield Chunk(where, found["day"], found["batch"])


def read_table(s3: "S3Client", chunk: Chunk, columns: Sequence[str] | None = None) -> "pa.Table":
    """Return the rows of one object as an Arrow table, of all columns or of some."""
    import pyarrow.parquet as pq  # takes a second, which `--help` need not wait for

    with s3.get_object(Bucket=chunk.where.bucket, Key=chunk.where.key)["Body"] as body:
        return pq.ParquetFile(io.BytesIO(body.read())).read(columns=columns)


def read_rows(s3: "S3Client", prefix: S3Uri) -> Iterator[Row]:
    """Yield every row below a prefix, one object in memory at a time."""
    for chunk in chunks(s3, prefix):
        yield from read_table(s3, chunk).to_pylist()


def matches(row: Row, wanted: str) -> bool:
    """Whether a row is of the image a person named: by URI, by key, or by the end of either."""
    return any(
        isinstance(name, str) and (name == wanted or name.endswith("/" + wanted))
        for name in (row["image"], row["key"], row["member"])
    )


def find(s3: "S3Client", bucket: str, wanted: str, *, today: date, days: int) -> list[Row]:
    """Return the rows of an image, newest first, from the newest day that has any.

    Beside its columns a row has ``run_date``, ``batch`` and ``chunk``: where it lies.

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
        rows = [
            {**row, "run_date": chunk.run_date, "batch": chunk.batch, "chunk": chunk.name}
            for chunk in chunks(s3, prefix)
            for row in read_table(s3, chunk).to_pylist()
            if matches(row, wanted)
        ]
        if rows:
            return sorted(rows, key=lambda row: row["scored_at"], reverse=True)
    return []
