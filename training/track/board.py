"""Event files for TensorBoard, copied to a storage while the run goes on."""

import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from training.storage import Storage

EVERY = 60.0


class Board:
    """Writes event files through tensorboardX.

    Every attempt of a run has a file of its own; TensorBoard reads them as one, and hides the
    steps of a former attempt that are done again. Uses tensorboardX's event writer without its
    ``SummaryWriter``, whose thread writes when it likes, so that a copy would lack the newest.

    Parameters
    ----------
    files
        Where the event files go.
    folder
        Where they are written, on disk.
    every
        Seconds between copies, at least.
    clock
        Seconds since any time.

    Raises
    ------
    ImportError
        If tensorboardX is not installed.
    """

    def __init__(
        self,
        files: Storage,
        folder: Path,
        *,
        every: float = EVERY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        import tensorboardX  # noqa: F401 - said now if missing

        self.files, self.folder, self.every, self.clock = files, folder, every, clock
        self._resumed = bool(files.names())
        self._writer: Any = None
        self._next = clock() + every

    def _open(self, step: int) -> None:
        from tensorboardX.event_file_writer import EventsWriter
        from tensorboardX.proto.event_pb2 import Event, SessionLog

        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        # Two attempts may begin in one second on one host.
        suffix = f".{os.getpid()}-{time.time_ns() % 1_000_000}"
        self._writer = EventsWriter(str(self.folder / "events"), suffix)
        if self._resumed:
            start = SessionLog(status=SessionLog.START)
            self._writer.write_event(Event(wall_time=time.time(), step=step, session_log=start))

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Add scalars of a step."""
        self._add(step, metrics)
        if self.clock() >= self._next:
            self._next = self.clock() + self.every
            self._writer.flush()
            self._copy()

    def finish(self, summary: Mapping[str, float]) -> None:
        """Add the final numbers as step 0 of ``final/…``; close and copy the rest."""
        try:
            if summary:
                self._add(0, {f"final/{name}": value for name, value in summary.items()})
        finally:
            if self._writer is not None:
                self._writer.close()
                self._copy()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _add(self, step: int, metrics: Mapping[str, float]) -> None:
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.summary import scalar

        if self._writer is None:
            self._open(step)
        for name, value in metrics.items():
            event = Event(wall_time=time.time(), step=step, summary=scalar(name, float(value)))
            self._writer.write_event(event)

    def _copy(self) -> None:
        for path in sorted(self.folder.iterdir()):
            self.files.upload(path.name, path)
