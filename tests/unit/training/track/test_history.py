"""A history survives kills, goes on without doubling, and is plain JSON."""

import json
import math
from pathlib import Path

import pytest

from tests.unit.training.track.clock import Clock
from training.storage import LocalStorage
from training.track.history import HISTORY_FILE, History, read_history


def lines(folder: Path) -> list[dict[str, float]]:
    return read_history((folder / HISTORY_FILE).read_bytes())


def history(folder: Path, clock: Clock, every: float = 10) -> History:
    return History(LocalStorage(folder), every=every, clock=clock, now=lambda: 1_700_000_000.123)


def test_lines_are_json_with_step_time_and_metrics(tmp_path: Path) -> None:
    kept = history(tmp_path, Clock())
    kept.log(1, {"train/loss": 0.5})
    kept.log(1, {"eval/auc": 0.75})
    kept.log(2, {"train/loss": 0.25})
    kept.finish({"auc": 0.8})
    written = [json.loads(line) for line in (tmp_path / HISTORY_FILE).read_text().splitlines()]
    assert written == [
        {"step": 1, "time": 1_700_000_000.12, "train/loss": 0.5, "eval/auc": 0.75},
        {"step": 2, "time": 1_700_000_000.12, "train/loss": 0.25},
    ]


def test_a_kill_loses_some_seconds_at_most(tmp_path: Path) -> None:
    clock = Clock()
    kept = history(tmp_path, clock)
    for step in range(25):
        kept.log(step, {"train/loss": 1.0})
        clock.wait(1)
    # Never finished: as a kill -9 leaves it.
    assert len(lines(tmp_path)) >= 25 - 11


def test_writes_are_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, writes = Clock(), list[object]()

    def count(*arguments: object, **_: object) -> None:
        writes.append(arguments)

    monkeypatch.setattr(LocalStorage, "write", count)
    kept = history(tmp_path, clock)
    for step in range(1000):
        kept.log(step, {"train/loss": 1.0})
        clock.wait(0.1)
    kept.finish({})
    assert 9 <= len(writes) <= 11


def test_a_slow_storage_is_written_to_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, writes = Clock(), []

    def slow(*arguments: object, **_: object) -> None:
        writes.append(arguments)
        clock.wait(2)

    monkeypatch.setattr(LocalStorage, "write", slow)
    kept = history(tmp_path, clock)
    for step in range(300):
        kept.log(step, {"train/loss": 1.0})
        clock.wait(1)
    assert len(writes) == 3


def test_a_resumed_run_goes_on_without_doubling(tmp_path: Path) -> None:
    clock = Clock()
    first = history(tmp_path, clock)
    for step in range(8):
        first.log(step, {"train/loss": float(step)})
    first.flush()
    second = history(tmp_path, clock)
    # The checkpoint was of step 4: steps 5 to 7 are done again, and differently spaced.
    for step in (5, 7, 9):
        second.log(step, {"train/loss": 100.0 + step})
    second.finish({})
    found = lines(tmp_path)
    assert [line["step"] for line in found] == [0, 1, 2, 3, 4, 5, 7, 9]
    assert found[-1]["train/loss"] == 109.0


def test_a_torn_line_is_left_out(tmp_path: Path) -> None:
    good = b'{"step": 1, "a": 2}\n'
    assert read_history(good + b'{"step": 2, "a"') == [{"step": 1, "a": 2}]
    assert read_history(b'[1]\nnull\n{"a": 1}\n{"step": 1, "a": "x"}\n\xff\n') == []


def test_what_is_not_finite_is_strict_json_and_read_back_as_nan(tmp_path: Path) -> None:
    kept = history(tmp_path, Clock())
    kept.log(1, {"train/loss": math.nan, "train/norm": math.inf})
    kept.finish({})
    assert b'"train/loss": null' in (tmp_path / HISTORY_FILE).read_bytes()
    assert math.isnan(lines(tmp_path)[0]["train/loss"])


def test_a_failing_storage_loses_nothing_once_it_works_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    kept = history(tmp_path, clock)
    kept.log(1, {"train/loss": 1.0})
    clock.wait(11)

    def full(*_: object, **__: object) -> None:
        raise OSError("full")

    with monkeypatch.context() as patch:
        patch.setattr(LocalStorage, "write", full)
        with pytest.raises(OSError, match="full"):
            kept.log(2, {"train/loss": 1.0})
    kept.finish({})
    assert [line["step"] for line in lines(tmp_path)] == [1, 2]
