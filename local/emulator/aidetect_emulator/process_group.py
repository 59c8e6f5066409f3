"""A child process in a group of its own, which can be ended whole."""

import contextlib
import os
import signal
import subprocess
import time

POLL_SECONDS = 0.02


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to every process of the child's group; nothing when the group is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _wait(process: subprocess.Popen[bytes], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while process.poll() is None:
        if time.monotonic() > end:
            return False
        time.sleep(POLL_SECONDS)
    return True


def end_group(process: subprocess.Popen[bytes], grace: float) -> None:
    """End the child's group: SIGTERM, ``grace`` seconds to finish, then SIGKILL.

    The SIGKILL is sent even when the child itself obeyed, since its own children may not have.
    """
    if process.poll() is None:
        signal_group(process, signal.SIGTERM)
        _wait(process, grace)
    signal_group(process, signal.SIGKILL)
    process.wait()
