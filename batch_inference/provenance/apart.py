"""Does one piece of work in a process of its own, so that its crash or its greed ends only that."""

import os
import resource
import select
import signal
import time
import warnings
from collections.abc import Callable

CPU_SECONDS = 3
# For a machine whose cores are busy; the processor time above is what normally ends it.
WALL_SECONDS = 5.0
MAX_ANSWER = 1 << 16
_PIPE = 3
_MAX_DESCRIPTOR = 1 << 16


def do_apart(work: Callable[[], bytes]) -> bytes | None:
    """Return what ``work`` returned, or None when its process died, took too long or said too much.

    A fork, not a fresh interpreter: that costs a few milliseconds, and what is imported is there.
    The calling process must hold no lock that the work needs; a decode worker has one thread.
    """
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        # Python warns of forks beside other threads; the work may use nothing that those hold.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            child = os.fork()
        except OSError:
            os.close(reader)
            os.close(writer)
            return None
    if child == 0:
        _work_and_exit(work, writer)
    os.close(writer)
    answer = None
    try:
        answer = _read(reader, time.monotonic() + WALL_SECONDS)
    finally:
        os.close(reader)
        if answer is None:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    return answer if status == 0 else None


def _work_and_exit(work: Callable[[], bytes], writer: int) -> None:
    status = 1
    try:
        # Whoever waits for this process's parent to close a pipe must not wait for the child too.
        os.dup2(writer, _PIPE)
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        os.closerange(_PIPE + 1, min(files, _MAX_DESCRIPTOR))
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, hard))
        answer = work()
        while answer:
            answer = answer[os.write(_PIPE, answer) :]
        status = 0
    finally:
        # Not sys.exit: buffers and exit handlers are the parent's.
        os._exit(status)


def _read(reader: int, deadline: float) -> bytes | None:
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    answer = b""
    while len(answer) <= MAX_ANSWER:
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            return None
        piece = os.read(reader, MAX_ANSWER)
        if not piece:
            return answer
        answer += piece
    return None
