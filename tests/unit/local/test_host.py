"""Ports, records and processes of this machine."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from detector.cache import cache_home
from local import port, processes, record
from local.errors import PortBusyError
from local.paths import CHECKOUT, StatePaths, state_home
from local.record import Record


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield int(server.getsockname()[1])


def sleeper(state: Path, code: str = "") -> subprocess.Popen[bytes]:
    lines = ["import signal, time", code, "print('up', flush=True)", "time.sleep(60)"]
    process = subprocess.Popen(
        [sys.executable, "-c", "\n".join(lines)],
        env={**os.environ, processes.MARK: str(state)},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout
    assert process.stdout.readline() == b"up\n"
    process.stdout.close()
    return process


def own_record() -> Record:
    process = psutil.Process()
    return Record(process.pid, process.create_time(), 4566, "aidetect", "us-east-1", "v")


def test_a_busy_port_names_its_owner_and_another_port(taken: int) -> None:
    with pytest.raises(PortBusyError, match=f"port {taken} is taken by .*{os.getpid()}.*--port"):
        port.require_free(taken)


def test_an_owner_that_cannot_be_told(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_kind: str) -> None:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "net_connections", denied)
    with pytest.raises(PortBusyError, match="another program"):
        port.require_free(taken)


def test_a_free_port_is_fine() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        free = int(server.getsockname()[1])
    port.require_free(free)
    assert port.owner(free) is None


def test_a_record_round_trip(tmp_path: Path) -> None:
    kept = replace(own_record(), parameters={"A": "1"})
    kept.save(tmp_path / "r.json")
    assert record.load(tmp_path / "r.json") == kept
    assert kept.endpoint == "http://127.0.0.1:4566"
    assert kept.process() is not None


def test_a_record_of_another_process_with_the_same_pid_is_not_it() -> None:
    assert replace(own_record(), created=1.0).process() is None
    assert replace(own_record(), pid=2**30).process() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}'])
def test_a_record_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.json").write_text(text)
    assert record.load(tmp_path / "r.json") is None
    assert record.load(tmp_path / "none.json") is None


def test_every_process_of_a_stack_is_ended_and_no_other(tmp_path: Path) -> None:
    mine, orphan = sleeper(tmp_path), sleeper(tmp_path)
    stubborn = sleeper(tmp_path, "signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    other = sleeper(tmp_path / "other")
    try:
        assert processes.stop_all(psutil.Process(mine.pid), tmp_path) == 3
        for process in (mine, orphan, stubborn):
            process.wait(5)
            assert not psutil.pid_exists(process.pid)
        assert other.poll() is None
        assert processes.stop_all(None, tmp_path) == 0
    finally:
        other.kill()
        other.wait()


def test_paths(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AIDETECT_HOME", raising=False)
    monkeypatch.delenv("AIDETECT_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert state_home() == CHECKOUT / ".aidetect"
    assert cache_home() == tmp_path / "aidetect"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_home() == Path.home() / ".cache" / "aidetect"
    monkeypatch.setenv("AIDETECT_HOME", str(tmp_path / "h"))
    monkeypatch.setenv("AIDETECT_CACHE", str(tmp_path / "c"))
    assert (state_home(), cache_home()) == (tmp_path / "h", tmp_path / "c")
    assert StatePaths(tmp_path).sam_log.parent == tmp_path
