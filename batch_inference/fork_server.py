"""The process that decode workers are forked from, seen from the scorer.

An interpreter with all that a worker imports takes long to start; a fork of it, milliseconds
(docs/decisions/015-fork-server.md). Create it early: its imports then run beside other work. For
that this module itself imports next to nothing.
"""

import os
import socket
import subprocess
import sys
import threading
import time
from typing import Self

from batch_inference import log
from batch_inference.errors import DecoderError
from batch_inference.fork import Fork

COMMAND = (sys.executable, "-m", "batch_inference.forker")
# What a server may take to end its workers and itself.
END_SECONDS = 5.0


def environment() -> dict[str, str]:
    """Return the workers' environment: this process's import path, and no AWS credentials."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    kept["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    # One image at a time in each of many workers: threads inside one would only take memory. And
    # who forks must have none.
    kept["OPENBLAS_NUM_THREADS"] = kept["OMP_NUM_THREADS"] = "1"
    return kept


class ForkServer:
    """Starts worker processes, for any thread; one that was lost is replaced.

    It is being started when this returns; the first worker waits for it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed = False
        self._process = _Process()

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self._process.popen.pid

    def fork(self, seconds: float) -> Fork:
        """Return a new worker process, which has begun.

        Raises
        ------
        DecoderError
            If there is none after so many seconds, or the server does not come up.
        """
        deadline = time.monotonic() + seconds
        while True:
            with self._lock:
                process = self._running()
                fork = Fork(process.socket)
            try:
                begun = fork.begin(deadline)
            except OSError as error:
                fork.close()
                raise DecoderError(f"a decode worker did not start ({error})") from error
            if begun:
                process.proven = True
                return fork
            fork.close()
            with self._lock:
                status = process.end(END_SECONDS)
            # One that worked was lost by accident; one that never did will not the next time.
            if not process.proven:
                raise DecoderError(
                    f"a decode worker did not start (the process to fork it from ended with status "
                    f"{status}); its own message is in the log above"
                )

    def close(self) -> None:
        """End the server, and workers that are left."""
        with self._lock:
            self._closed = True
            # Without workers there is nothing to end in order, nor imports to wait for.
            self._process.end(END_SECONDS if self._process.proven else 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _running(self) -> "_Process":
        if self._closed:
            raise DecoderError("a decode worker did not start (no more are to be)")
        if self._process.popen.poll() is not None:
            log.warning("decode workers lost their server", status=self._process.end(0))
            self._process = _Process()
        return self._process


class _Process:
    """One server process; ``proven`` once a worker came of it."""

    def __init__(self) -> None:
        self.proven = False
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            number = theirs.fileno()
            try:
                self.popen = subprocess.Popen(
                    [*COMMAND, str(number)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    env=environment(),
                    pass_fds=[number],
                )
            except BaseException:
                self.socket.close()
                raise

    def end(self, seconds: float) -> int:
        """Let it end, kill it when it does not, and return its exit status."""
        self.socket.close()
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            return self.popen.wait()
