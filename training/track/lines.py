"""Metrics as lines of the log, from where SageMaker reads them."""

import re
import sys
import time
from collections.abc import Callable, Mapping
from typing import TextIO

EVERY = 1.0
_NUMBER = r"([-+]?[0-9.]+(?:e[-+]?[0-9]+)?)"


def definition(metric: str) -> dict[str, str]:
    """Return the SageMaker metric definition that finds a metric in these lines."""
    return {"Name": metric, "Regex": f"metric {re.escape(metric)}={_NUMBER}"}


class Lines:
    """Writes ``metric train/loss=0.1234``, one line a metric.

    Parameters
    ----------
    stream
        Where to; standard output by default.
    every
        Seconds between sets of lines, at least. The last set of a run is always written.
    clock
        Seconds since any time.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        every: float = EVERY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stream, self.every, self.clock = stream or sys.stdout, every, clock
        self._held: dict[str, float] = {}
        self._next = clock()

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Write, or hold back where the last set was written just now."""
        self._held.update({**metrics, "step": step})
        if self.clock() >= self._next:
            self._write()

    def finish(self, summary: Mapping[str, float]) -> None:
        """Write what is held back, and the final numbers."""
        self._held.update(summary)
        self._write()

    def _write(self) -> None:
        self._next = self.clock() + self.every
        lines = (f"metric {name}={value:.6g}\n" for name, value in self._held.items())
        self._held = {}
        self.stream.write("".join(lines))
        self.stream.flush()
