"""Event files hold the scalars, attempt after attempt, and no thread stays behind."""

import struct
import threading
from pathlib import Path

from tensorboardX.proto.event_pb2 import Event

from tests.unit.training.track.clock import Clock
from training.storage import LocalStorage
from training.track.board import Board


def events(path: Path) -> list[Event]:
    """Read TFRecords: length u64, checksum u32, bytes, checksum u32."""
    data, found, at = path.read_bytes(), [], 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        found.append(Event.FromString(data[at + 12 : at + 12 + length]))
        at += 16 + length
    return found


def scalars(path: Path) -> list[tuple[str, int, float]]:
    return [
        (value.tag, event.step, round(value.simple_value, 4))
        for event in events(path)
        for value in event.summary.value
    ]


def test_scalars_are_in_the_storage_after_the_run(tmp_path: Path) -> None:
    before = threading.active_count()
    board = Board(LocalStorage(tmp_path / "kept"), tmp_path / "work")
    board.log(1, {"train/loss": 0.5})
    board.log(2, {"train/loss": 0.25, "eval/auc": 0.75})
    board.finish({"auc": 0.8})
    (path,) = (tmp_path / "kept").iterdir()
    assert "tfevents" in path.name
    assert scalars(path) == [
        ("train/loss", 1, 0.5),
        ("train/loss", 2, 0.25),
        ("eval/auc", 2, 0.75),
        ("final/auc", 0, 0.8),
    ]
    assert threading.active_count() == before
    assert not (tmp_path / "work").exists()


def test_the_file_is_copied_while_the_run_goes_on(tmp_path: Path) -> None:
    clock = Clock()
    board = Board(LocalStorage(tmp_path / "kept"), tmp_path / "work", clock=clock)
    for step in range(3):
        board.log(step, {"train/loss": 1.0})
        clock.wait(31)
    (path,) = (tmp_path / "kept").iterdir()
    # Not finished yet; what came last is not there yet.
    assert len(scalars(path)) == 3
    board.finish({})


def test_a_resumed_run_hides_what_it_does_again(tmp_path: Path) -> None:
    files = LocalStorage(tmp_path / "kept")
    for steps in ((1, 2, 3), (3, 4)):
        board = Board(files, tmp_path / "work")
        for step in steps:
            board.log(step, {"train/loss": 1.0})
        board.finish({})
    paths = sorted((tmp_path / "kept").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    assert len(paths) == 2
    starts = [e.step for e in events(paths[1]) if e.HasField("session_log")]
    assert starts == [3]
    assert not [e for e in events(paths[0]) if e.HasField("session_log")]


def test_a_run_without_numbers_leaves_nothing(tmp_path: Path) -> None:
    Board(LocalStorage(tmp_path / "kept"), tmp_path / "work").finish({})
    assert not (tmp_path / "kept").exists()
