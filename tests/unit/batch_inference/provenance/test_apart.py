"""Work in a process of its own, and everything that can become of it."""

import os
import time
from pathlib import Path

import pytest

from batch_inference.provenance import apart
from batch_inference.provenance.apart import MAX_ANSWER, do_apart


def spin() -> bytes:
    while True:
        pass


def sleep() -> bytes:
    time.sleep(600)
    return b""


def crash() -> bytes:
    os.abort()


def fail() -> bytes:
    raise ValueError("the parser gave up")


def children() -> str:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text()


def test_what_the_work_returns_comes_back() -> None:
    before = children()

    assert do_apart(lambda: b"") == b""
    assert do_apart(lambda: b"x" * MAX_ANSWER) == b"x" * MAX_ANSWER
    assert children() == before


def test_a_crash_an_error_and_too_long_an_answer_are_none() -> None:
    before = children()

    assert do_apart(crash) is None
    assert do_apart(fail) is None
    assert do_apart(lambda: b"x" * (MAX_ANSWER + 1)) is None
    assert children() == before


def test_work_without_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "CPU_SECONDS", 1)
    assert do_apart(spin) is None
    monkeypatch.setattr(apart, "WALL_SECONDS", 0.1)
    assert do_apart(sleep) is None


def test_the_work_holds_none_of_the_callers_files() -> None:
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)

    def look() -> bytes:
        return ",".join(path.name for path in Path("/proc/self/fd").iterdir()).encode()

    assert len(str(do_apart(look)).split(",")) <= 5
    os.close(reader)
    os.close(writer)
