"""examples/athena.py: its query on DuckDB over rows as the scorer writes them, its calls on moto.

Athena itself runs nowhere but on AWS.
"""

from datetime import date
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest
import requests
from moto import mock_aws

from batch_inference.parquet import to_parquet
from detector.layout import BatchLayout
from examples.athena import QUERY, QueryError, ask
from tests.unit.aidetect.conftest import a_row

DAY = date(2026, 11, 26)
REGION = "us-east-1"


def test_the_query_finds_the_images_of_the_day(tmp_path: Path) -> None:
    for day, key in (("2026-11-26", "a"), ("2026-11-25", "old")):
        where = tmp_path / BatchLayout("r", "b", day).chunk("0").key
        where.parent.mkdir(parents=True)
        where.write_bytes(
            to_parquet([a_row(key, 0.9), a_row(f"{key}-surer", 0.99), a_row("e", None)])
        )
    with duckdb.connect() as database:
        database.execute(
            f"CREATE VIEW verdicts AS SELECT * FROM read_parquet('{tmp_path}/**/*.parquet', "  # noqa: S608
            "hive_partitioning = true, hive_types = {'run_date': VARCHAR})"
        )
        found = database.execute(QUERY, [DAY.isoformat()]).fetchall()
    assert [row[0] for row in found] == ["s3://intake/a-surer", "s3://intake/a"]


@pytest.fixture
def athena(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield boto3.client("athena", region_name=REGION)


def test_rows_by_name(athena: Any) -> None:
    header = {"Data": [{"VarCharValue": n} for n in ("image", "provenance")]}
    row = {"Data": [{"VarCharValue": "s3://intake/a"}, {}]}
    answer: Any = {"results": [{"rows": [header, row], "column_info": []}], "region": REGION}
    requests.post(
        "http://motoapi.amazonaws.com/moto-api/static/athena/query-results",
        json=answer,
        timeout=10,
    ).raise_for_status()
    found = list(ask(athena, DAY, database="d", workgroup="primary"))
    assert found == [{"image": "s3://intake/a", "provenance": None}]


class Stuck:
    """A query that never ends, or that failed."""

    def __init__(self, state: str) -> None:
        self.state, self.stopped = state, ""

    def start_query_execution(self, **asked: Any) -> dict[str, str]:
        assert asked["ExecutionParameters"] == ["'2026-11-26'"]
        return {"QueryExecutionId": "q"}

    def get_query_execution(self, **_: str) -> dict[str, Any]:
        status = {"State": self.state, "StateChangeReason": "scanned too much"}
        return {"QueryExecution": {"Status": status}}

    def stop_query_execution(self, *, QueryExecutionId: str) -> None:  # noqa: N803
        self.stopped = QueryExecutionId


def test_a_query_that_does_not_end_is_stopped() -> None:
    stuck = Stuck("RUNNING")
    with pytest.raises(QueryError, match="was stopped"):
        list(ask(stuck, DAY, database="d", workgroup="w", patience=0, sleep=lambda _: None))
    assert stuck.stopped == "q"


def test_a_query_that_fails_says_why() -> None:
    with pytest.raises(QueryError, match="FAILED: scanned too much"):
        list(ask(Stuck("FAILED"), DAY, database="d", workgroup="w"))
