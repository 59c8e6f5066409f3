"""Chunks: the Parquet that others read, and the conditional PUT that commits it."""

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from batch_inference.chunk import OpenChunk
from batch_inference.errors import WriterError
from batch_inference.parquet import FooterError, counts_in, to_parquet
from batch_inference.writer import commit, committed_counts, put_once
from detector import once
from detector.reason import Reason
from detector.row import COLUMNS, ResultRow
from detector.summary import Counts
from detector.uri import S3Uri
from detector.verdict import Verdict
from tests.unit.batch_inference.support import RESULTS

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

WHERE = S3Uri(RESULTS, "results/part-0.parquet")
NOW = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


def row(entry: int, reason: Reason | None = None) -> ResultRow:
    return ResultRow(
        image=f"s3://b/k ü {entry}", bucket="b", key=f"k ü {entry}", entry=entry,
        verdict=Verdict.ERROR if reason else Verdict.AI, probability=None if reason else 0.75,
        logit=None if reason else 1.5, reason=reason, detail="d" * 400 if reason else None,
        detector="tiny@1", lane="batch", scored_at=NOW, bytes=1 << 40, width=3,
    )  # fmt: skip


ROWS = [row(0), row(1, Reason.BOMB), row(2)]


def test_the_schema_is_that_of_the_contract() -> None:
    athena = {"int": pa.int32(), "bigint": pa.int64(), "float": pa.float32(), "string": pa.string()}
    schema = pq.read_schema(io.BytesIO(to_parquet(ROWS)))
    assert schema.names == [column.name for column in COLUMNS]
    for column, stored in zip(COLUMNS, schema, strict=True):
        assert stored.type == athena.get(column.type, pa.timestamp("ms", tz="UTC"))
        assert stored.nullable == column.nullable


def test_rows_come_back_in_pyarrow_and_duckdb(tmp_path: "Path") -> None:
    path = tmp_path / "part.parquet"
    path.write_bytes(to_parquet(ROWS))
    assert [r["scored_at"] for r in pq.read_table(path).to_pylist()] == [NOW] * 3
    with duckdb.connect() as connection:
        found = connection.execute(
            "select key, verdict, probability, reason, bytes, length(detail), "
            "epoch_ms(scored_at) from read_parquet(?) order by entry",
            [str(path)],
        ).fetchall()
    stamp = int(NOW.timestamp() * 1000)
    assert found[0] == ("k ü 0", "ai", 0.75, None, 1 << 40, None, stamp)
    assert found[1] == ("k ü 1", "error", None, "bomb", 1 << 40, 300, stamp)


def test_counts_are_read_from_the_end_of_a_file_alone() -> None:
    many = to_parquet([row(n, Reason.EMPTY if n % 3 == 0 else None) for n in range(3000)])
    counts = counts_in(many[-(20 << 10) :])
    assert counts.rows == 3000
    assert counts.reasons == {Reason.EMPTY: 1000}


def test_what_is_no_chunk() -> None:
    plain = pa.BufferOutputStream()
    pq.write_table(pa.table({"a": [1]}), plain)
    for data in (b"", b"not parquet at all", plain.getvalue().to_pybytes()):
        with pytest.raises(FooterError):
            counts_in(data)


def test_the_first_commit_stands(s3: "S3Client") -> None:
    assert commit(s3, WHERE, ROWS) == Counts.of((r.verdict, r.reason) for r in ROWS)
    assert commit(s3, WHERE, ROWS[:1]).rows == 3
    assert committed_counts(s3, WHERE).reasons == {Reason.BOMB: 1}


def test_something_else_among_the_results(s3: "S3Client") -> None:
    s3.put_object(Bucket=WHERE.bucket, Key=WHERE.key, Body=b"hello")
    with pytest.raises(WriterError, match="something else wrote"):
        commit(s3, WHERE, ROWS)


class Refusing:
    """S3 that answers PUTs with errors first."""

    def __init__(self, *codes: str) -> None:
        self._codes = list(codes)

    def put_object(self, **_arguments: Any) -> None:
        if self._codes:
            raise ClientError({"Error": {"Code": self._codes.pop(0)}}, "PutObject")


def test_a_conflict_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "CONFLICT_PAUSE", 0.0)
    conflict = "ConditionalRequestConflict"

    def put(*codes: str) -> bool:
        client: Any = Refusing(*codes)
        return put_once(client, WHERE, b"", "text/plain")

    assert put(conflict, conflict)
    assert not put(conflict, "PreconditionFailed")
    with pytest.raises(WriterError, match="other writers"):
        put(*[conflict] * 5)
    with pytest.raises(ClientError, match="AccessDenied"):
        put("AccessDenied")


def test_a_chunk_waits_for_its_rows_and_for_the_one_before() -> None:
    first = OpenChunk()
    second = OpenChunk(first)
    second.put(1, row(1))
    second.close("second", 2)
    assert not second.ready
    second.put(0, row(0))
    assert not second.ready
    first.committed = True
    assert second.ready
    assert [r.entry for r in second.take_rows()] == [0, 1]
    assert not second.ready
    first.put(0, row(0))
    with pytest.raises(AssertionError, match="two rows"):
        first.put(0, row(0))
