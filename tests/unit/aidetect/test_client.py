"""The client for programs, on moto's S3: what rows, in what form, and which errors."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import aidetect
from aidetect import AidetectError, AwsError, Client, NoStackError, Results, ResultsError
from aidetect.image_row import image_row
from aidetect.result_set import MissingPackageError, Selection
from batch_inference.parquet import SCHEMA
from detector.layout import BatchLayout
from detector.provenance import Claim
from detector.reason import Reason
from detector.row import COLUMNS
from detector.summary import BatchSummary, Counts, Status
from detector.uri import S3Uri
from detector.verdict import Verdict
from tests.unit.aidetect.conftest import BUCKET, a_row, put_rows
from tests.unit.aidetect.scene import a_target

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DAY = "2026-11-23"


def put_summary(s3: "S3Client", layout: BatchLayout) -> None:
    document = BatchSummary(
        batch=layout.batch, status=Status.COMPLETE, lane="express", counts=Counts(rows=2),
        detector="d@1", run_date=layout.run_date, started_at="x", finished_at="x", seconds=1,
        shards=1, manifest="s3://r/m", results=str(layout.results),
    )  # fmt: skip
    s3.put_object(Bucket=BUCKET, Key=layout.summary.key, Body=document.dumps())


@pytest.fixture
def client(s3: "S3Client") -> Client:
    """A stack that scored two batches: b1 with three images of two drops, b2 with one."""
    first, second = BatchLayout(BUCKET, "b1", DAY), BatchLayout(BUCKET, "b2", "2026-11-25")
    put_rows(s3, first, "000000000", [a_row("intake/x/<b>.jpg"), a_row("intake/y/b.jpg", None)])
    put_rows(s3, first, "000000002", [a_row("intake/x/c.jpg", 0.7)])
    put_rows(s3, second, "000000000", [a_row("intake/z/d.jpg")])
    put_summary(s3, first)
    return Client(a_target(s3))


def keys(results: Results) -> list[str]:
    return [row.key for row in results]


def test_rows_are_typed(client: Client) -> None:
    bad = next(row for row in client.results(batch="b1") if row.reason)
    assert (bad.verdict, bad.reason, bad.probability) == (Verdict.ERROR, Reason.BOMB, None)
    assert (bad.batch, bad.run_date, bad.scored_at) == (
        "b1", DAY, datetime(2026, 11, 23, tzinfo=UTC),
    )  # fmt: skip


def test_which_rows(client: Client) -> None:
    x = "s3://intake/intake/x/"
    assert keys(client.results(batch="b1", prefix=x)) == ["intake/x/<b>.jpg", "intake/x/c.jpg"]
    assert len(client.results(since=date(2026, 11, 1))) == 4
    assert len(client.results(since=datetime(2026, 11, 23))) == 4  # noqa: DTZ001 - as UTC
    assert keys(client.results(since=date(2026, 11, 26))) == []
    assert keys(client.results(since=datetime(2026, 11, 23, 0, 0, 1, tzinfo=UTC))) == []
    assert len(client.results(since=timedelta(days=36500), prefix=x)) == 2
    assert client.results(batch="b1", since=date(2026, 11, 24)).summary.images == 0


def test_prefix_alone_looks_a_month_back(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([datetime(2026, 12, 24, tzinfo=UTC), datetime(2026, 12, 20, tzinfo=UTC)])
    monkeypatch.setattr("aidetect.client.server_time", lambda *_: next(moments))
    assert keys(client.results(prefix="s3://intake/")) == ["intake/z/d.jpg"]
    assert len(client.results(prefix="s3://intake/")) == 4


def test_as_tables_and_frames(client: Client) -> None:
    results = client.results(batch="b1")
    assert results.table.schema.names == [c.name for c in COLUMNS] + ["run_date", "batch"]
    assert results.table.schema.types[: len(COLUMNS)] == SCHEMA.types
    assert results.table is results.table
    frame = results.to_pandas()
    assert list(frame["verdict"]) == ["ai", "error", "ai"]
    polars = results.to_polars()
    assert isinstance(polars, pl.DataFrame)
    assert polars["key"].to_list() == keys(results)
    assert [table.num_rows for table in results.tables()] == [2, 1]


def test_no_rows_have_the_columns_all_the_same(client: Client) -> None:
    empty = client.results(batch="b1", prefix="s3://nowhere/")
    assert empty.table.schema == client.results(batch="b1").table.schema
    assert (len(empty), empty.summary.images, empty.summary.complete) == (0, 0, True)
    assert "0 rows" in Results(client._target, Selection(()))._repr_html_()


def test_summary(client: Client) -> None:
    found = client.results(since=date(2026, 11, 1)).summary
    assert found.verdicts == {"ai": 3, "error": 1}
    assert (found.images, found.reasons, found.complete) == (4, {"bomb": 1}, True)
    assert (found.batches, found.detectors) == (("b1", "b2"), ("d@1",))


def test_rows_of_an_older_version_lack_columns(client: Client, s3: "S3Client") -> None:
    layout = BatchLayout(BUCKET, "old", DAY)
    values = a_row("intake/o.jpg").values()
    for name in ("provenance", "generator", "provenance_detail"):
        del values[name]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist([values | {"future": 1}]), sink)
    s3.put_object(Bucket=BUCKET, Key=layout.chunk("0").key, Body=sink.getvalue().to_pybytes())
    put_summary(s3, layout)
    (row,) = client.results(batch="old")
    assert row.provenance is None
    assert "future" not in client.results(batch="old").table.schema.names


@pytest.mark.parametrize("change", [{"verdict": "maybe"}, {"reason": "new_one"}, {"verdict": "ai"}])
def test_a_row_of_a_newer_version_is_refused(change: dict[str, Any]) -> None:
    values = a_row("k", None).values() | change
    with pytest.raises(ResultsError, match="Update aidetect"):
        image_row(values)


def test_the_report(client: Client, s3: "S3Client") -> None:
    with pytest.raises(ResultsError, match="has no report"):
        client.results(batch="b1").report_html()
    where = BatchLayout(BUCKET, "b1").report
    s3.put_object(Bucket=BUCKET, Key=where.key, Body="<p>é</p>".encode())
    assert client.results(batch="b1").report_html() == "<p>é</p>"
    several = client.results(since=date(2026, 11, 1))
    with pytest.raises(ResultsError, match="2 batches"):
        several.report_html()
    assert several.report_html("b1") == "<p>é</p>"


def test_notebooks_show_escaped_rows(client: Client) -> None:
    results = client.results(batch="b1")
    shown = results._repr_html_()
    assert "x/&lt;b&gt;.jpg" in shown
    assert "<b>" not in shown
    assert "the first 3 rows" in shown
    assert results.summary.images == 3
    assert "3 images: 2 ai, 1 error" in results._repr_html_()


def test_claims_are_shown_in_notebooks(client: Client, s3: "S3Client") -> None:
    layout = BatchLayout(BUCKET, "b3", DAY)
    values = a_row("k").values() | {"provenance": f"{Claim.IPTC_AI.value},<new>"}
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist([values]), sink)
    s3.put_object(Bucket=BUCKET, Key=layout.chunk("0").key, Body=sink.getvalue().to_pybytes())
    put_summary(s3, layout)
    assert "tagged: AI, &lt;new&gt;" in client.results(batch="b3")._repr_html_()


def test_what_is_asked_wrongly(client: Client) -> None:
    with pytest.raises(ResultsError, match="say which results"):
        client.results()
    with pytest.raises(ResultsError, match="is no S3 URI"):
        client.results(prefix="intake/")
    with pytest.raises(ResultsError, match="no results on the stack of the tests"):
        client.results(batch="none")
    with pytest.raises(AidetectError, match="does not exist"):
        client.score("/no/such/photo.jpg")


def test_errors_of_aws_are_ours(client: Client) -> None:
    gone = Results(client._target, Selection((S3Uri("no-such-bucket", "results/"),)))
    with pytest.raises(AwsError, match="deploy it again") as told:
        list(gone)
    assert told.value.__cause__ is not None


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_a_missing_package_names_the_extra(
    client: Client, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(MissingPackageError, match=r"aidetect\[frames\]"):
        getattr(client.results(batch="b1"), f"to_{package}")()


def test_connect_and_score_say_where_there_is_no_stack(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIDETECT_HOME", str(tmp_path))
    with pytest.raises(NoStackError, match="aidetect local up"):
        aidetect.connect(on="local")
    with pytest.raises(NoStackError, match="aidetect local up"):
        aidetect.score("photo.jpg", on="local")


def test_the_package_offers_its_names() -> None:
    assert set(aidetect.__all__) <= set(dir(aidetect))
    assert all(getattr(aidetect, name) for name in aidetect.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        aidetect.nonsense  # noqa: B018
