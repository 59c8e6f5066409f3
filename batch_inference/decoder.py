"""The pool of decode workers: whatever a file does to one, no other image is lost."""

import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

from batch_inference import log
from batch_inference.decoding import Decoded
from batch_inference.errors import ScoringError
from batch_inference.fork_server import ForkServer
from batch_inference.frame import WorkerConfig
from batch_inference.gate import Gate
from batch_inference.settings import Settings
from batch_inference.worker import Worker, WorkerDiedError, WorkerTimeoutError, lost
from detector.package import Preprocessing
from detector.plan import Limits
from detector.reason import ImageError, Reason

# Native libraries leak a little on damaged files; a fresh worker now and then costs milliseconds.
IMAGES_A_WORKER = 5000
TRIES = 2


class Decoder:
    """Decodes files in worker processes; call :meth:`decode` from as many threads as workers.

    Parameters
    ----------
    spec, limits, settings
        The detector's preprocessing, bounds on an image, bounds on the machine.
    thumbnails
        Whether to make them.
    server
        Starts the workers, and stays; None for one of its own.

    Raises
    ------
    DecoderError
        If workers cannot be started.
    """

    def __init__(
        self,
        spec: Preprocessing,
        limits: Limits,
        settings: Settings,
        *,
        thumbnails: bool = False,
        server: ForkServer | None = None,
    ) -> None:
        self._config = WorkerConfig(
            preprocessing=spec,
            limits=limits,
            memory=settings.decoder_bytes,
            large_pixels=settings.large_pixels,
            thumbnails=thumbnails,
        )
        self._gate = Gate(settings.large_decoders)
        self._idle: queue.SimpleQueue[tuple[Worker | None, int]] = queue.SimpleQueue()
        self._count = settings.decoders
        self._lock = threading.Lock()
        self._live: set[Worker] = set()
        self._killed = False
        self._server, self._shared = server or ForkServer(), server is not None
        # Side by side: a Lambda's first verdict waits for it.
        with ThreadPoolExecutor(self._count) as starters:
            started = [starters.submit(self._start) for _ in range(self._count)]
        failures = [failure for future in started if (failure := future.exception())]
        for future in started:
            if not future.exception():
                self._idle.put((future.result(), 0))
            else:
                self._idle.put((None, 0))
        if failures:
            self.close()
            raise failures[0]

    def decode(self, data: bytes) -> Decoded:
        """Return the outcome for one file.

        A crash or a lack of memory is tried once more in a fresh worker, since the blame may lie
        with what an earlier file left behind.

        Raises
        ------
        DecoderError
            If a worker that was lost cannot be replaced.
        """
        worker, used = self._idle.get()
        try:
            for left in reversed(range(TRIES)):
                if self._killed:
                    raise ScoringError("the shard is being given up")
                if worker is None:
                    worker, used = self._start(), 0
                used += 1
                attempt = _try(worker, data)
                if not attempt.sound:
                    self._drop(worker)
                    worker.close()
                    worker = None
                elif used >= IMAGES_A_WORKER:
                    self._drop(worker)
                    worker.retire()
                    worker = None
                if attempt.final or not left:
                    return attempt.outcome
            raise AssertionError("unreachable")  # pragma: no cover
        finally:
            self._idle.put((worker, used))

    def kill(self) -> None:
        """End every worker at once, whatever it is doing, and start no more."""
        with self._lock:
            self._killed = True
            for worker in self._live:
                worker.kill()

    def close(self) -> None:
        """End every worker; waits for those that are decoding."""
        for _ in range(self._count):
            worker, _used = self._idle.get()
            if worker is not None:
                self._drop(worker)
                worker.retire()
        if not self._shared:
            self._server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _start(self) -> Worker:
        worker = Worker(self._config, self._gate, self._server)
        with self._lock:
            self._live.add(worker)
            if self._killed:
                worker.kill()
        return worker

    def _drop(self, worker: Worker) -> None:
        with self._lock:
            self._live.discard(worker)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What came of giving a file to a worker.

    ``sound``: the worker may go on. ``final``: trying again would not change the outcome.
    """

    outcome: Decoded
    sound: bool = False
    final: bool = False


def _try(worker: Worker, data: bytes) -> _Attempt:
    try:
        outcome, sound = worker.decode(data)
    except WorkerTimeoutError:
        return _Attempt(lost(data, ImageError(Reason.TIMEOUT)), final=True)
    except WorkerDiedError as death:
        reason = death.reason()
        return _Attempt(lost(data, reason), final=reason.reason is Reason.TIMEOUT)
    except ValueError as nonsense:
        return _Attempt(lost(data, ImageError(Reason.UNDECODABLE, str(nonsense))))
    if outcome is None:
        return _Attempt(lost(data, ImageError(Reason.BOMB, "decoding it takes too much memory")))
    if not sound:
        log.warning("metadata ended a decode worker", sha256=outcome.facts.sha256)
    return _Attempt(outcome, sound, final=True)
