import json
from pathlib import Path
from typing import Any

import pytest

from batch_inference import log
from detector.package import Graph
from detector.summary import Counts, ShardRecord
from detector.uri import S3Uri
from functions.express import handler as module
from functions.settings import SettingsError


@pytest.fixture(autouse=True)
def _deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DETECTOR_CACHE", "/tmp/somewhere")
    monkeypatch.setenv("GRAPH", "int8")
    module.read_settings.cache_clear()


def test_shard_is_scored_with_the_int8_graph(monkeypatch: pytest.MonkeyPatch, context: Any) -> None:
    asked: dict[str, Any] = {}

    def run_shard(plan: S3Uri, shard: int, **how: Any) -> ShardRecord:
        asked.update(plan=plan, shard=shard, **how)
        return ShardRecord(batch="b", shard=shard, counts=Counts(rows=3), chunks=1)

    monkeypatch.setattr(module, "run_shard", run_shard)
    answer = module.handler({"plan": "s3://r/batches/b/plan.json", "shard": 0}, context)
    assert answer == {"batch": "b", "shard": 0, "rows": 3}
    assert asked["plan"] == S3Uri("r", "batches/b/plan.json")
    assert asked["graph"] is Graph.INT8
    assert asked["cache"] == Path("/tmp/somewhere")


def test_the_scorers_own_lines_name_the_batch(
    monkeypatch: pytest.MonkeyPatch, context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def run_shard(_plan: S3Uri, shard: int, **_: Any) -> ShardRecord:
        log.info("started")
        return ShardRecord(batch="b", shard=shard, counts=Counts(rows=3), chunks=1)

    monkeypatch.setattr(module, "run_shard", run_shard)
    event = {"plan": "s3://r/batches/b/plan.json", "batch": "b", "shard": 0}
    module.handler(event, context)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"message": "started", "batch": "b", "shard": 0}.items() <= lines[0].items()


def test_failure_leaves_the_function(monkeypatch: pytest.MonkeyPatch, context: Any) -> None:
    def run_shard(*_: Any, **__: Any) -> ShardRecord:
        raise MemoryError("too much")

    monkeypatch.setattr(module, "run_shard", run_shard)
    with pytest.raises(MemoryError):
        module.handler({"plan": "s3://r/p", "shard": 0}, context)


def test_unknown_graph_is_told(monkeypatch: pytest.MonkeyPatch, context: Any) -> None:
    monkeypatch.setenv("GRAPH", "int4")
    with pytest.raises(SettingsError, match="GRAPH"):
        module.handler({"plan": "s3://r/p", "shard": 0}, context)
