"""The rows as other programs read them: pyarrow, DuckDB, and the columns that Glue declares."""

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from aidetect.samples import write_samples
from detector.layout import RESULTS_PREFIX
from detector.row import COLUMNS
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration

DUCKDB = {"string": "VARCHAR", "int": "INTEGER", "bigint": "BIGINT", "float": "FLOAT"}
ARROW = {"string": "string", "int": "int32", "bigint": "int64", "float": "float"}


@pytest.fixture(scope="module")
def table(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results prefix, copied to disk as it is laid out in the bucket."""
    folder = tmp_path_factory.mktemp("table")
    write_samples(folder / "drop")
    (folder / "drop" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    stack.drop(folder / "drop")
    bucket = stack.target.outputs.ResultsBucket
    for key in stack.keys(bucket, RESULTS_PREFIX):
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        stack.target.s3.download_file(bucket, key, str(path))
    return folder / RESULTS_PREFIX


def test_pyarrow_reads_the_documented_schema(table: Path) -> None:
    files = sorted(table.rglob("*.parquet"))
    assert files
    for file in files:
        schema = pq.read_schema(file)
        assert schema.names == [c.name for c in COLUMNS]
        for column in COLUMNS:
            field = schema.field(column.name)
            assert field.nullable == column.nullable
            if column.type == "timestamp":
                assert str(field.type).startswith("timestamp[ms")
            else:
                assert str(field.type) == ARROW[column.type]


def test_duckdb_reads_the_partitioned_table(table: Path) -> None:
    with duckdb.connect() as database:
        rows = database.read_parquet(f"{table}/**/*.parquet", hive_partitioning=True)
        types = dict(zip(rows.columns, map(str, rows.types), strict=True))
        for column in COLUMNS:
            assert types[column.name].startswith(DUCKDB.get(column.type, "TIMESTAMP"))
        assert {"run_date", "batch"} <= set(types)
        assert rows.filter("(verdict = 'error') != (reason IS NOT NULL)").fetchall() == []
        errors = rows.filter("verdict = 'error'").project("key").fetchall()
        assert any(key.endswith("broken.jpg") for (key,) in errors)
