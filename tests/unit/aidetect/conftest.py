"""A results bucket in memory and the rows that tests read back from it."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto import mock_aws

from detector.layout import BatchLayout
from detector.reason import Reason
from detector.row import ResultRow
from detector.verdict import Verdict

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "results"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator["S3Client"]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        client.create_bucket(Bucket="intake")
        yield client


def a_row(key: str, probability: float | None = 0.9, member: str | None = None) -> ResultRow:
    failed = probability is None
    return ResultRow(
        image=f"s3://intake/{key}" + (f"#{member}" if member else ""),
        bucket="intake",
        key=key,
        member=member,
        entry=0,
        verdict=Verdict.ERROR if failed else Verdict.AI,
        probability=probability,
        reason=Reason.BOMB if failed else None,
        detail="9 GB\x1b[31m" if failed else None,
        format=None if failed else "JPEG",
        width=None if failed else 640,
        height=None if failed else 480,
        detector="d@1",
        lane="express",
        scored_at=datetime(2026, 11, 23, tzinfo=UTC),
    )


def put_rows(s3: "S3Client", layout: BatchLayout, chunk: str, rows: list[ResultRow]) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([row.values() for row in rows]), sink)
    uri = layout.chunk(chunk)
    s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=sink.getvalue())
