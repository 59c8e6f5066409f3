"""The command line: exit codes that retry rules can tell apart, and logs that can be queried."""

import json
import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from batch_inference import log
from batch_inference import main as main_module
from batch_inference.cpus import available_cpus, quota
from batch_inference.errors import InterruptedShardError, ScoringError
from batch_inference.main import DONE, REFUSED, RETRY, STOPPED, main, parse, s3_client, stopping
from batch_inference.settings import Settings
from batch_inference.stop import Stop
from detector.contract import ContractError
from detector.package import DetectorPackage, Graph, PackageError
from detector.summary import ShardRecord
from tests.unit.batch_inference.support import (
    make_plan,
    noise_png,
    plan_uri,
    put_entries,
    read_rows,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PLAN = "s3://results/batches/b1/plan.json"


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Give the logger back as it was."""
    yield
    log.LOGGER.handlers[:] = []
    log.LOGGER.propagate = True


def test_a_shard_from_the_command_line(
    s3: "S3Client",
    package: DetectorPackage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # The S3 of these tests is no server.
    monkeypatch.setattr(main_module, "Downloads", lambda _session, _s3: None)
    monkeypatch.setattr(main_module, "Settings", lambda: Settings(progress_seconds=0, window=4))
    monkeypatch.setenv("AWS_BATCH_JOB_ARRAY_INDEX", "1")
    monkeypatch.setenv("AWS_BATCH_JOB_ATTEMPT", "3")
    monkeypatch.setenv("DETECTOR_CACHE", str(tmp_path))
    entries = put_entries(s3, {f"{n}.png": noise_png(n) for n in range(12)})
    plan = make_plan(s3, entries, shards=2)

    assert main(["--plan", str(plan_uri(plan))]) == DONE
    assert main(["--plan", str(plan_uri(plan)), "--graph", "fp32"]) == DONE

    assert [row["entry"] for row in read_rows(s3, plan)] == list(range(6, 12))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["batch"] for line in lines} == {plan.batch}
    assert {(line["shard"], line["attempt"]) for line in lines} == {(1, 3)}
    messages = [line["message"] for line in lines]
    assert messages[:2] == ["engine", "started"]
    assert messages[-2:] == ["complete", "already complete"]
    assert "progress" in messages


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InterruptedShardError("x"), STOPPED),
        (ContractError("x"), REFUSED),
        (PackageError("x"), REFUSED),
        (ScoringError("x"), RETRY),
    ],
)
def test_exit_codes(error: Exception, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any, **_named: Any) -> ShardRecord:
        raise error

    monkeypatch.setattr(main_module, "run_shard", fail)
    monkeypatch.setattr(main_module, "s3_client", lambda _session, _settings: None)
    monkeypatch.setattr(main_module, "Downloads", lambda _session, _s3: None)
    assert main(["--plan", PLAN]) == code


def test_a_plan_that_is_no_uri() -> None:
    assert main(["--plan", "plan.json"]) == REFUSED


def test_the_environment_says_what_the_command_line_does_not() -> None:
    options = parse(["--plan", PLAN], {"AWS_BATCH_JOB_ARRAY_INDEX": "7", "GRAPH": "int8"})
    assert (options.shard, options.graph) == (7, Graph.INT8.value)
    options = parse(["--plan", PLAN, "--shard", "2", "--graph", "fp16"], {"GRAPH": ""})
    assert (options.shard, options.graph) == (2, "fp16")
    assert parse(["--plan", PLAN], {}).graph is None


def test_the_client_has_a_connection_for_every_fetcher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = s3_client(boto3.Session(), Settings(fetchers=20))
    config: Any = client.meta.config
    assert config.max_pool_connections >= 20
    client.close()


def test_sigterm_asks_for_the_end() -> None:
    before = signal.getsignal(signal.SIGTERM)
    stop = Stop(0.05)
    with stopping(stop):
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()
        deadline = time.monotonic() + 5
        while not stop.overdue and time.monotonic() < deadline:
            time.sleep(0.01)
    assert stop.asked
    assert stop.overdue
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_log_line_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(batch="b")
    log.info("hello", rows=3)
    log.warning("odd", path=Path("/x"))
    try:
        raise ValueError("why")
    except ValueError:
        logging.getLogger("aidetect.scorer").exception("bad %s", "thing")
    first, second, third = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (first["message"], first["batch"], first["rows"]) == ("hello", "b", 3)
    assert (second["level"], second["path"]) == ("warning", "/x")
    assert third["message"] == "bad thing"
    assert "ValueError: why" in third["exception"]


def test_processors_of_a_container(tmp_path: Path) -> None:
    assert quota("150000 100000\n") == 1.5
    for text in ("max 100000", "", "10 0", "x y"):
        assert quota(text) is None
    limit = tmp_path / "cpu.max"
    limit.write_text("50000 100000")
    assert available_cpus(limit) == 1
    assert available_cpus(tmp_path / "none") == len(os.sched_getaffinity(0))
