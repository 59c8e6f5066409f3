"""One decode worker, seen from the scorer: a pipe to write to, one to read from, and a clock.

Not :mod:`multiprocessing`: AWS Lambda has no ``/dev/shm``, which its queues and pools need.
"""

import os
import selectors
import signal
import time
from contextlib import suppress
from dataclasses import replace
from typing import Self

from batch_inference.decoding import Decoded, facts_of
from batch_inference.errors import DecoderError
from batch_inference.fork_server import ForkServer
from batch_inference.frame import (
    BESIDE,
    BESIDE_SECONDS,
    DONE,
    LARGE,
    LENGTH,
    MAX_HEAD,
    MAX_THUMBNAIL,
    NO_MEMORY,
    READY,
    Message,
    WorkerConfig,
    pack,
    unpack_message,
)
from batch_inference.gate import Gate
from detector.reason import ImageError, Reason

START_SECONDS = 120.0
# Between the closed pipe of a worker and its exit status, as between its end and the news of it.
END_SECONDS = 5.0
PIPE_BLOCK = 1 << 20


class WorkerDiedError(Exception):
    """The worker ended before it answered.

    ``code`` is its exit status, negative for a signal; None where nobody knows, as the server it
    was forked from is gone, or the worker closed its pipe and went on.
    """

    def __init__(self, code: int | None) -> None:
        super().__init__(f"the decode worker ended with status {code}")
        self.code = code

    def reason(self) -> ImageError:
        """Say what that means for the image it was decoding."""
        if self.code is None:
            return ImageError(Reason.UNDECODABLE, "the decoder was lost while it decoded this")
        if self.code == -signal.SIGXCPU:
            return ImageError(Reason.TIMEOUT)
        if self.code == -signal.SIGKILL:
            return ImageError(Reason.BOMB, "decoding it took more memory than there is")
        return ImageError(Reason.UNDECODABLE, f"decoding it crashed the decoder ({self.code})")


class WorkerTimeoutError(Exception):
    """The worker did not answer in time."""


class Worker:
    """A running worker process. Not safe to share between threads.

    Parameters
    ----------
    config
        What it is started with.
    gate
        Large images pass it.
    server
        Starts the process.

    Raises
    ------
    DecoderError
        If the process does not come up.
    """

    def __init__(self, config: WorkerConfig, gate: Gate, server: ForkServer) -> None:
        self._seconds = config.limits.decode_seconds
        self._size = config.preprocessing.size
        self._gate = gate
        deadline = time.monotonic() + START_SECONDS
        self._fork = server.fork(START_SECONDS)
        self._write, self._read = self._fork.requests.fileno(), self._fork.replies.fileno()
        try:
            self._send(pack(config.model_dump_json().encode()), deadline)
            if self._receive(deadline).kind != READY:
                raise ValueError("it began with something else than 'ready'")
        except (WorkerDiedError, WorkerTimeoutError, ValueError) as error:
            self.close()
            raise DecoderError(
                f"a decode worker did not start ({error}); its own message is in the log above"
            ) from error

    @property
    def pid(self) -> int:
        """The process id."""
        return self._fork.pid

    def decode(self, data: bytes) -> tuple[Decoded | None, bool]:
        """Return the outcome for one file, and whether the worker is of further use.

        The outcome is None when the worker ran out of memory. Where it failed only at what is
        beside the pixels, the outcome lacks that, and is as good as any.

        Raises
        ------
        WorkerDiedError, WorkerTimeoutError, ValueError
            The worker gave no outcome and is of no more use; close it. ValueError when it sent what
            is no message.
        """
        deadline = time.monotonic() + self._seconds
        self._send(pack(data), deadline)
        message = self._receive(deadline)
        if message.kind != LARGE:
            return self._complete(message)
        with self._gate.large():
            deadline = time.monotonic() + self._seconds
            self._send(pack(b""), deadline)
            return self._complete(self._receive(deadline))

    def _complete(self, message: Message) -> tuple[Decoded | None, bool]:
        if message.kind == NO_MEMORY:
            return None, False
        decoded = message.decoded
        if message.kind != DONE or decoded is None:
            raise ValueError(f"a decode worker sent {message.kind!r} in place of an outcome")
        try:
            beside = self._receive(time.monotonic() + BESIDE_SECONDS)
        except (WorkerDiedError, WorkerTimeoutError, ValueError):
            return decoded, False
        if beside.kind != BESIDE or beside.decoded is None:
            return decoded, False
        found = beside.decoded
        return replace(decoded, provenance=found.provenance, thumbnail=found.thumbnail), True

    def kill(self) -> None:
        """End the process from another thread; the one that uses it still has to close it."""
        self._fork.kill()

    def close(self) -> None:
        """End the process."""
        self._fork.kill()
        with suppress(TimeoutError):
            self._fork.wait(END_SECONDS)
        self._fork.close()

    def retire(self, seconds: float = 5.0) -> None:
        """Let the process end by itself, being idle; kill it when it does not."""
        self._fork.requests.close()
        with suppress(TimeoutError):
            self._fork.wait(seconds)
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _send(self, data: bytes, deadline: float) -> None:
        view = memoryview(data)
        while view:
            self._wait(self._write, selectors.EVENT_WRITE, deadline)
            try:
                view = view[os.write(self._write, view[:PIPE_BLOCK]) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise self._death() from None

    def _death(self) -> WorkerDiedError:
        try:
            return WorkerDiedError(self._fork.wait(END_SECONDS))
        except TimeoutError:
            return WorkerDiedError(None)

    def _receive(self, deadline: float) -> Message:
        head = self._take_frame(MAX_HEAD, deadline)
        body = self._take_frame(max(3 * self._size**2, MAX_THUMBNAIL), deadline)
        return unpack_message(head, body, self._size)

    def _take_frame(self, limit: int, deadline: float) -> bytes:
        (length,) = LENGTH.unpack(self._take(LENGTH.size, deadline))
        if length > limit:
            raise ValueError(f"a decode worker sent a frame of {length} bytes")
        return self._take(length, deadline)

    def _take(self, count: int, deadline: float) -> bytes:
        data = bytearray()
        while len(data) < count:
            self._wait(self._read, selectors.EVENT_READ, deadline)
            piece = os.read(self._read, min(PIPE_BLOCK, count - len(data)))
            if not piece:
                raise self._death()
            data += piece
        return bytes(data)

    def _wait(self, descriptor: int, event: int, deadline: float) -> None:
        with selectors.PollSelector() as selector:
            selector.register(descriptor, event)
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise WorkerTimeoutError("no answer in time")


def lost(data: bytes, error: ImageError) -> Decoded:
    """Return the outcome of a file whose worker gave none."""
    return Decoded(facts_of(data), error=error)
