"""How far a stage has come: a bar at a terminal, a line now and then in a log."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

# A line is written when both have passed since the last one, or when the longest wait has.
SECONDS, SHARE = 10.0, 0.05
LONGEST = 120.0


class Bar:
    """Takes (what is counted, done, in all), as :attr:`StageContext.progress` is called.

    Use as a context manager, so that the terminal is left in order.

    Parameters
    ----------
    stream
        Where to; standard error by default.
    clock
        Seconds since any time.
    """

    def __init__(
        self, stream: TextIO | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.stream, self.clock = stream or sys.stderr, clock
        self._rich: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._what = ""
        self._begun = self._last = 0.0
        self._last_done = self._written = -1

    def __enter__(self) -> Self:
        """Begin."""
        if self.stream.isatty():
            self._rich = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=Console(file=self.stream),
            )
            self._rich.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal in order."""
        if self._rich is not None:
            self._rich.stop()
            self._rich = None

    def __call__(self, what: str, done: int, total: int) -> None:
        """Take how far it has come; ``total`` is 0 while unknown."""
        if self._rich is not None:
            task = self._tasks.get(what)
            if task is None:
                task = self._tasks[what] = self._rich.add_task(what, total=total or None)
            self._rich.update(task, completed=done, total=total or None)
            return
        self._plain(what, done, total)

    def _plain(self, what: str, done: int, total: int) -> None:
        now = self.clock()
        if what != self._what or done < self._last_done:
            self._what, self._begun, self._last, self._written = what, now, now, 0
        self._last_done = done
        waited, gained = now - self._last, done - self._written
        enough = gained > 0 and waited >= SECONDS and (not total or gained >= SHARE * total)
        finished = 0 < total <= done != self._written
        if enough or finished or (gained > 0 and waited >= LONGEST):
            self._last, self._written = now, done
            amount = f"{done} of {total} ({done / total:.0%})" if total else f"{done}"
            self.stream.write(f"{what}: {amount} after {now - self._begun:.0f} s\n")
            self.stream.flush()


def progress_bar() -> Bar:
    """Return the progress of this process, on standard error."""
    return Bar()
