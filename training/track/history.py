"""The run's history: one JSON line a step, kept beside what was learnt."""

import json
import math
import time
from collections.abc import Callable, Mapping

from training.storage import MissingFileError, Storage

HISTORY_FILE = "history.jsonl"
# Seconds of numbers that a killed run loses at most.
EVERY = 15.0
# An object is replaced whole; a long history is written less often, so that writing it never
# takes more than this share of the time.
MAX_SHARE = 0.02
CONTENT_TYPE = "application/x-ndjson"

Line = dict[str, float]


def read_history(data: bytes) -> list[Line]:
    """Read a history: ``step``, ``time`` (Unix, seconds) and metrics of each step, in order.

    A line that is not whole is left out; a number that was not finite is NaN.
    """
    lines = []
    for text in data.splitlines():
        try:
            document = json.loads(text)
            line = {str(k): math.nan if v is None else float(v) for k, v in document.items()}
        except (ValueError, TypeError, AttributeError):
            continue
        if "step" in line:
            lines.append(line)
    return lines


class History:
    """Keeps the history of a run in a storage, and goes on with one that is there.

    Parameters
    ----------
    files
        Where the history lies.
    every
        Seconds between writes, at least.
    clock, now
        Seconds since any time; Unix time.
    """

    def __init__(
        self,
        files: Storage,
        *,
        every: float = EVERY,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.files, self.every, self.clock, self.now = files, every, clock, now
        self._lines: dict[int, Line] = {}
        self._resumed = False
        self._changed = False
        self._next = clock() + every
        try:
            self._lines = {int(line["step"]): line for line in read_history(files.read(self.name))}
        except MissingFileError:
            return
        self._resumed = bool(self._lines)

    @property
    def name(self) -> str:
        """The file's name."""
        return HISTORY_FILE

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Keep metrics of a step; a metric told again for the same step replaces the former."""
        if self._resumed:
            # The run goes on from its checkpoint: what came after that is done again.
            self._lines = {s: line for s, line in self._lines.items() if s < step}
            self._resumed = False
        line = self._lines.setdefault(step, {"step": step, "time": round(self.now(), 2)})
        line.update({name: float(value) for name, value in metrics.items()})
        self._changed = True
        if self.clock() >= self._next:
            self.flush()

    def flush(self) -> None:
        """Write what was kept since the last time."""
        if not self._changed:
            return
        begun = self.clock()
        # Also when writing fails: not at once again.
        self._next = begun + self.every
        ordered = (self._lines[step] for step in sorted(self._lines))
        text = "".join(json.dumps(_strict(line), allow_nan=False) + "\n" for line in ordered)
        self.files.write(self.name, text.encode(), content_type=CONTENT_TYPE)
        self._changed = False
        ended = self.clock()
        self._next = ended + max(self.every, (ended - begun) / MAX_SHARE)

    def finish(self, summary: Mapping[str, float]) -> None:  # noqa: ARG002 - stages keep that
        """Write the rest."""
        self.flush()


def _strict(line: Line) -> dict[str, float | int | None]:
    # JSON knows neither NaN nor infinity.
    found = {name: value if math.isfinite(value) else None for name, value in line.items()}
    return {**found, "step": int(line["step"])}
