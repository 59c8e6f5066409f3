"""The local stack survives the loss of its process: what was scored and who scores come back."""

import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from aidetect.resolve import resolve
from aidetect.samples import write_samples
from local.options import UpOptions
from local.stack import status, up
from tests.integration.conftest import PARAMETERS
from tests.integration.stack import Stack, eventually, without_time

pytestmark = pytest.mark.integration


def test_results_survive_a_killed_emulator(stack: Stack, port: int, tmp_path: Path) -> None:
    write_samples(tmp_path)
    rows, progress = stack.drop(tmp_path)
    batch = progress.batches[0].batch
    champion = stack.target.ssm.get_parameter(Name=stack.target.outputs.ChampionParameter)
    ssm = stack.target.ssm
    for name in ("/kept", "/gone"):
        ssm.put_parameter(Name=name, Value="x", Type="String")
    # Saved once before it is gone again.
    time.sleep(2)
    ssm.delete_parameter(Name="/gone")
    # Objects are on disk about two seconds after they were written.
    time.sleep(5)
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
    assert ssm.get_parameter(Name="/kept")["Parameter"]["Value"] == "x"
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name="/gone")
    # What was scored is not announced, and so not scored, a second time.
    assert stack.executions(before) == []
    fresh, _ = stack.drop(tmp_path)
    assert len(fresh) == len(rows)
