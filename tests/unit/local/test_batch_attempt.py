"""One attempt of a job, as a real process."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from local.emulator.aidetect_emulator.batch_attempt import EXITED, TIMED_OUT, Attempt, exit_code

FORKS = """
import signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
{more}
"""


def attempt(
    tmp_path: Path,
    code: str,
    lines: list[str],
    stopped: Callable[[], str | None] = lambda: None,
    limit: float | None = None,
    grace: float = 5.0,
) -> Attempt:
    return Attempt(
        command=[sys.executable, "-c", code],
        environ={"PATH": os.environ["PATH"], "A": "1"},
        folder=tmp_path,
        emit=lines.append,
        stopped=stopped,
        limit=limit,
        grace=grace,
    )


def gone(pid: int) -> bool:
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def test_output_exit_code_and_environment(tmp_path: Path) -> None:
    lines: list[str] = []
    code = "import os, sys; print('ü', os.environ['A'], os.getcwd()); sys.exit(3)"
    end = attempt(tmp_path, code, lines).run()
    assert (end.exit_code, end.status_reason) == (3, EXITED)
    assert lines == [f"ü 1 {tmp_path}"]


def test_the_whole_group_ends_with_the_first_process(tmp_path: Path) -> None:
    lines: list[str] = []
    assert attempt(tmp_path, FORKS.format(more=""), lines).run().exit_code == 0
    assert gone(int(lines[0]))


def test_the_limit_ends_the_group(tmp_path: Path) -> None:
    lines: list[str] = []
    end = attempt(tmp_path, FORKS.format(more="time.sleep(60)"), lines, limit=0.5).run()
    assert (end.exit_code, end.status_reason) == (143, TIMED_OUT)
    assert gone(int(lines[0]))


def test_a_stop_gives_time_to_finish(tmp_path: Path) -> None:
    lines: list[str] = []
    more = (
        "signal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), sys.exit(7)))\n"
        "print('ready', flush=True)\ntime.sleep(60)"
    )
    stop = lambda: "mine" if "ready" in lines else None  # noqa: E731
    end = attempt(tmp_path, FORKS.format(more=more), lines, stop).run()
    assert (end.exit_code, end.status_reason) == (7, "mine")
    assert lines[-1] == "bye"


def test_what_ignores_the_stop_is_killed(tmp_path: Path) -> None:
    lines: list[str] = []
    more = (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('ready', flush=True)\ntime.sleep(60)"
    )
    stop = lambda: "mine" if "ready" in lines else None  # noqa: E731
    end = attempt(tmp_path, FORKS.format(more=more), lines, stop, grace=0.3).run()
    assert end.exit_code == 137


def test_a_program_that_is_missing_is_an_error(tmp_path: Path) -> None:
    missing = Attempt(["/nowhere"], {}, tmp_path, print, lambda: None)
    with pytest.raises(OSError, match="nowhere"):
        missing.run()


def test_exit_codes_of_signals() -> None:
    assert [exit_code(0), exit_code(-9), exit_code(-15)] == [0, 137, 143]
