"""The local stack survives the loss of its process: what was scored, who scores, what waits."""

import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from aidetect.execution import describe
from aidetect.resolve import resolve
from aidetect.samples import write_samples
from aidetect.source import gather
from aidetect.upload import upload
from aidetect.verification.verify import verify
from local.options import UpOptions
from local.resume import control_objects
from local.stack import status, up
from tests.integration.conftest import PARAMETERS
from tests.integration.photographs import write_photographs
from tests.integration.stack import Stack, eventually, without_time

pytestmark = pytest.mark.integration

# Some seconds' work for the batch lane.
IMAGES = 100
PREFIX = "held/halfway/"


def test_results_survive_a_killed_emulator(stack: Stack, port: int, tmp_path: Path) -> None:
    write_samples(tmp_path / "samples")
    rows, progress = stack.drop(tmp_path / "samples")
    batch = progress.batches[0].batch
    champion = stack.target.ssm.get_parameter(Name=stack.target.outputs.ChampionParameter)
    ssm = stack.target.ssm
    for name in ("/tests/kept", "/tests/gone"):
        ssm.put_parameter(Name=name, Value="x", Type="String")
    # Saved once before it is gone again.
    time.sleep(2)
    ssm.delete_parameter(Name="/tests/gone")
    write_photographs(tmp_path / "many", IMAGES, seed=9)
    bucket = stack.target.outputs.IntakeBucket
    upload(stack.target.s3, bucket, gather(tmp_path / "many", PREFIX))
    halfway = stack.start({"prefix": f"s3://{bucket}/{PREFIX}", "lane": "batch"}, "halfway")
    results = stack.target.outputs.ResultsBucket
    eventually(lambda: stack.keys(results, "batches/halfway/") or None, what="its manifest")
    # Objects are on disk about two seconds after they were written.
    time.sleep(4)
    assert not describe(stack.target.sfn, halfway)[0].ended
    open_before = {
        batch
        for batch, names in control_objects(stack.target.s3, results).items()
        if "manifest.jsonl" in names and "summary.json" not in names
    }
    pid = status().pid
    assert pid is not None
    psutil.Process(pid).kill()
    eventually(lambda: True if not status().running else None, what="the end of the emulator")
    before = datetime.now(UTC)
    up(UpOptions(port=port, parameters=PARAMETERS))
    stack.target = resolve("local")
    again = [r for r in stack.rows(batch) if r["key"] in {row["key"] for row in rows}]
    assert without_time(again) == without_time(stack.rows(batch))
    assert len(again) > 0
    found = stack.target.ssm.get_parameter(Name=stack.target.outputs.ChampionParameter)
    assert found["Parameter"]["Value"] == champion["Parameter"]["Value"]
    assert ssm.get_parameter(Name="/tests/kept")["Parameter"]["Value"] == "x"
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name="/tests/gone")
    # What was under way goes on; what was scored is not announced, and so not scored, again.
    # (Other tests leave batches that nobody closes.)
    assert {e.batch for e in stack.executions(before)} == open_before
    assert "halfway" in open_before
    execution, why = stack.end(halfway)
    assert execution.status == "SUCCEEDED", why
    rest = stack.rows("halfway")
    assert len({row["key"] for row in rest}) == len(rest) == IMAGES
    assert {row["verdict"] for row in rest} <= {"ai", "real", "unsure"}
    assert verify(stack.target, stack.summary("halfway")).kept
    fresh, _ = stack.drop(tmp_path / "samples")
    assert len(fresh) == len(rows)


def test_what_was_written_last_is_kept(stack: Stack, port: int) -> None:
    name = "/tests/late"
    stack.target.ssm.put_parameter(Name=name, Value="1", Type="String")
    # On disk, as a champion of yesterday is.
    time.sleep(2)
    stack.target.ssm.put_parameter(Name=name, Value="2", Type="String", Overwrite=True)
    pid = status().pid
    assert pid is not None
    emulator = psutil.Process(pid)
    emulator.terminate()
    emulator.wait(60)
    up(UpOptions(port=port, parameters=PARAMETERS))
    stack.target = resolve("local")
    assert stack.target.ssm.get_parameter(Name=name)["Parameter"]["Value"] == "2"
