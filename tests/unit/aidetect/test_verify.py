"""What `aidetect verify` finds out about a batch, whole and broken in every way."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from aidetect import verify_command
from aidetect.main import app
from aidetect.target import Target
from batch_inference.closeout import close_out
from batch_inference.shard import layout_of
from detector.plan import BatchPlan
from tests.unit.aidetect.scene import a_target
from tests.unit.batch_inference.support import INTAKE, RESULTS, make_plan, put_entries

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOW = datetime(2026, 1, 2, 4, tzinfo=UTC)
FILES = dict.fromkeys(("a.jpg", "b.jpg", "c.jpg", "d.tar", "e.jpg", "f [red].jpg"), b"x")
Rows = list[dict[str, Any]]


@pytest.fixture
def target(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> Target:
    for bucket in (INTAKE, RESULTS):
        s3.create_bucket(Bucket=bucket)
    found = a_target(s3)
    target = replace(found, outputs=found.outputs.model_copy(update={"ResultsBucket": RESULTS}))
    monkeypatch.setattr(verify_command, "resolve", lambda *_: target)
    return target


@pytest.fixture
def plan(s3: "S3Client", target: Target) -> BatchPlan:
    """A batch of two shards that nobody scored: closing it gives every image its error row."""
    plan = make_plan(s3, put_entries(s3, FILES), chunk_size=2, shards=2)
    close_out(plan, s3=s3, now=NOW)
    return plan


def ask(*arguments: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(app, ["verify", "batch-1", "--json", *arguments])
    assert done.stdout, done.output
    return done.exit_code, json.loads(done.stdout)


def broken(document: dict[str, Any]) -> dict[str, list[str]]:
    return {c["name"]: c["named"] for c in document["checks"] if c["broken"]}


def rewrite(s3: "S3Client", plan: BatchPlan, chunk: str, change: Callable[[Rows], Rows]) -> None:
    uri = layout_of(plan).chunk(chunk)
    body = s3.get_object(Bucket=uri.bucket, Key=uri.key)["Body"].read()
    table = pq.ParquetFile(io.BytesIO(body)).read()
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(change(table.to_pylist()), schema=table.schema), sink)
    s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=sink.getvalue())


def test_a_whole_batch_keeps_its_promises(plan: BatchPlan) -> None:
    code, found = ask()
    assert (code, found["kept"], broken(found)) == (0, True, {})
    assert (found["objects"], found["rows"]) == (6, 6)
    assert found["verdicts"] == {"error": 6}
    assert found["execution"] == "forgotten"


@pytest.mark.parametrize(
    ("chunk", "change", "promise", "named"),
    [
        ("000000000", lambda rows: rows[:1], "one-row", f"s3://{INTAKE}/b.jpg: none"),
        ("000000000", lambda rows: [*rows, rows[0]], "one-row", f"s3://{INTAKE}/a.jpg: 2"),
        (
            "000000002",
            lambda rows: [{**row, "entry": 4} for row in rows],
            "no-stranger",
            f"s3://{INTAKE}/c.jpg",
        ),
        (
            "000000002",
            lambda rows: [
                {**row, "key": "other.jpg", "image": f"s3://{INTAKE}/other.jpg"} for row in rows
            ],
            "no-stranger",
            f"s3://{INTAKE}/other.jpg",
        ),
        (
            "000000000",
            lambda rows: [{**row, "detector": "evil@1"} for row in rows],
            "detector",
            f"s3://{INTAKE}/a.jpg: evil@1",
        ),
        (
            "000000000",
            lambda rows: [{**row, "probability": 0.5} for row in rows],
            "verdict-or-reason",
            f"s3://{INTAKE}/a.jpg",
        ),
    ],
)
def test_rows_that_break_a_promise_are_named(
    s3: "S3Client",
    plan: BatchPlan,
    chunk: str,
    change: Callable[[Rows], Rows],
    promise: str,
    named: str,
) -> None:
    rewrite(s3, plan, chunk, change)
    code, found = ask()
    assert code == 1
    assert not found["kept"]
    assert named in broken(found)[promise]


@pytest.mark.parametrize(
    "stray", ["000000001", "000000003-000000", "000000003-end2", "000000009", "000000000x"]
)
def test_an_object_that_no_plan_makes_is_named(s3: "S3Client", plan: BatchPlan, stray: str) -> None:
    layout = layout_of(plan)
    source = f"{RESULTS}/{layout.chunk('000000000').key}"
    s3.copy_object(Bucket=RESULTS, Key=layout.chunk(stray).key, CopySource=source)
    code, found = ask()
    assert code == 1
    assert {"chunks", "no-stranger"} & set(broken(found))


def test_a_lost_object_is_every_row_of_it(s3: "S3Client", plan: BatchPlan) -> None:
    layout = layout_of(plan)
    for name in ("000000000", "000000003-end"):
        s3.delete_object(Bucket=RESULTS, Key=layout.chunk(name).key)
    _, found = ask()
    lost = broken(found)
    assert lost["one-row"] == [f"s3://{INTAKE}/{n}: none" for n in ("a.jpg", "b.jpg", "d.tar")]
    assert lost["chunks"] == [f"{layout.chunk('000000003-end').key} is missing"]
    assert lost["summary"] == [
        "error: 6, rows say 3",
        "not_scored: 6, rows say 3",
        "rows: 6, rows say 3",
    ]


def test_what_is_under_way_is_not_over(plan: BatchPlan, target: Target) -> None:
    boto3.client("stepfunctions", region_name="us-east-1").start_execution(
        stateMachineArn=target.outputs.ScoringStateMachineArn, name="batch-1"
    )
    code, found = ask()
    assert code == 1
    assert list(broken(found)) == ["ended"]
    assert found["execution"] == "RUNNING"


def test_people_see_what_is_kept_and_what_is_not(s3: "S3Client", plan: BatchPlan) -> None:
    shown = CliRunner().invoke(app, ["verify", "batch-1"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    assert "✓  every image has a row, and no image has two" in shown.stdout
    rewrite(s3, plan, "000000004", lambda rows: rows[:1])
    shown = CliRunner().invoke(app, ["verify", "batch-1"], env={"COLUMNS": "200"})
    assert shown.exit_code == 1
    # A key is hostile text: its brackets are no markup.
    assert f"'s3://{INTAKE}/f [red].jpg: none'" in shown.stdout
    assert "✗" in shown.stdout


def test_a_manifest_that_was_changed_is_refused(s3: "S3Client", plan: BatchPlan) -> None:
    uri = layout_of(plan).manifest
    s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=b"\n" * 4000)
    done = CliRunner().invoke(app, ["verify", "batch-1"])
    assert done.exit_code == 1
    assert "manifest" in done.output
