import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from aidetect.execution import batch_of
from aidetect.main import app
from aidetect.target import Target
from aidetect.unclosed import Unclosed, start_again, unclosed
from detector.layout import BatchLayout
from tests.unit.aidetect.conftest import BUCKET
from tests.unit.aidetect.scene import a_target
from tests.unit.aidetect.test_status import a_summary

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def target(s3: "S3Client") -> Target:
    return a_target(s3)


def begin(target: Target, name: str, **given: str) -> str:
    started = target.sfn.start_execution(
        stateMachineArn=target.outputs.ScoringStateMachineArn, name=name, input=json.dumps(given)
    )
    return started["executionArn"]


def stop(target: Target, name: str, **given: str) -> str:
    arn = begin(target, name, **given)
    target.sfn.stop_execution(executionArn=arn)
    return arn


def put(target: Target, key: str, text: str = "") -> None:
    target.s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode())


def the_input(target: Target, name: str) -> dict[str, Any]:
    arn = target.outputs.execution_arn(name)
    found: dict[str, Any] = json.loads(target.sfn.describe_execution(executionArn=arn)["input"])
    return found


def test_only_what_nobody_closed_and_nobody_works_on(target: Target) -> None:
    put(target, BatchLayout(BUCKET, "left").manifest.key)
    stop(target, "left", batch="left", manifest="m")
    stop(target, "closed")
    put(target, BatchLayout(BUCKET, "closed").summary.key, a_summary("closed").dumps())
    for name in ("closed", "goes-on", "shadow-1", "running"):
        put(target, BatchLayout(BUCKET, name).manifest.key)
    stop(target, "goes-on")
    begin(target, "goes-on-again-261126120000")
    stop(target, "shadow-1", purpose="shadow")
    begin(target, "running")
    # Twice in vain is still one batch. (Who stops an execution in moto leaves no words.)
    stop(target, "left-again-261126120000", batch="left", manifest="m")
    assert [(u.batch, u.why) for u in unclosed(target)] == [("left", "ABORTED")]


def test_a_batch_goes_on_with_its_manifest(target: Target) -> None:
    given = {"prefix": "s3://intake/a/", "lane": "express"}
    layout = BatchLayout(BUCKET, "backfill")
    put(target, layout.manifest.key)
    name = start_again(target, Unclosed("backfill", given, ""), NOW)
    assert name == "backfill-again-261126120000"
    assert batch_of(name) == "backfill"
    assert the_input(target, name) == {
        "batch": "backfill", "manifest": str(layout.manifest), "lane": "express",
    }  # fmt: skip


def test_a_prefix_that_was_never_listed_is_its_callers(target: Target) -> None:
    stop(target, "backfill", prefix="s3://intake/a/")
    assert list(unclosed(target)) == []


def test_the_command_says_what_goes_on(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aidetect.redrive_command.resolve", lambda *_: target)
    runner = CliRunner()
    assert "nothing to redrive" in runner.invoke(app, ["redrive"]).output
    put(target, BatchLayout(BUCKET, "left").manifest.key)
    stop(target, "left", batch="left", manifest="m")
    shown = runner.invoke(app, ["redrive"])
    assert shown.exit_code == 0, shown.output
    assert "Batch left goes on. It had ended so: ABORTED" in shown.output
    # It is under way by now.
    again = runner.invoke(app, ["redrive", "--json"])
    assert json.loads(again.stdout) == {"events": 0, "batches": []}
