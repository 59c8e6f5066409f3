"""Status on a running stack: an empty look, a batch on its way, and what is left of it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from aidetect.main import app
from aidetect.samples import write_samples
from aidetect.status.document import Status
from aidetect.status.look import look
from tests.integration.stack import Stack, eventually

pytestmark = pytest.mark.integration


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return result


def test_all_parts_of_a_running_stack_can_be_seen(stack: Stack) -> None:
    found = look(stack.target)
    assert found.unseen == {}
    assert found.champion is not None
    assert found.arrivals is not None
    assert found.dead is not None
    assert found.jobs is not None
    shown = run("status").output
    assert found.champion in shown
    assert stack.endpoint in shown
    document = json.loads(run("status", "--json").stdout)
    assert Status.model_validate(document).stack == stack.target.stack


def test_a_batch_is_seen_to_run_and_to_have_ended(stack: Stack, tmp_path: Path) -> None:
    for path in write_samples(tmp_path):
        stack.put(f"held/status/{path.name}", path.read_bytes())
    bucket = stack.target.outputs.IntakeBucket
    arn = stack.start({"prefix": f"s3://{bucket}/held/status/"}, "status-1")

    def seen() -> Status | None:
        found = look(stack.target)
        return found if any(run.name == "status-1" for run in found.running) else None

    running = eventually(seen, what="the batch among what runs")
    (batch,) = [run for run in running.running if run.name == "status-1"]
    assert batch.stage
    assert stack.end(arn)[0].status == "SUCCEEDED"
    ended = {batch.batch: batch for batch in look(stack.target).batches}["status-1"]
    assert (ended.status, ended.rows) == ("complete", len(list(tmp_path.iterdir())))
    assert ended.dollars is not None
    assert ended.dollars > 0


def test_a_batch_that_failed_names_the_next_command(stack: Stack) -> None:
    bucket = stack.target.outputs.IntakeBucket
    prefix = f"s3://{bucket}/held/nothing-there/"
    assert stack.end(stack.start({"prefix": prefix}, "status-2"))[0].status == "FAILED"
    found = {failure.name: failure for failure in look(stack.target).failures}["status-2"]
    assert "nothing to score" in found.why
    assert found.next == f"aidetect score {prefix}"
    assert "aidetect score s3://" in run("status").output
