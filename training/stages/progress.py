"""How far a stage is: for the log, and for those who watch from elsewhere."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType

from detector.training_run import Stage
from training.stages.context import StageContext
from training.track.bar import progress_bar

# An object is written so often at most: a day of training then costs a tenth of a dollar.
PUBLISH_SECONDS = 5.0


class StageProgress:
    """Shows progress here, and publishes it as ``stages/<stage>-progress.json``.

    Used as a context manager that gives the context with its ``progress`` in place.
    """

    def __init__(
        self, context: StageContext, stage: Stage, seconds: float = PUBLISH_SECONDS
    ) -> None:
        self._context, self._stage, self._seconds = context, stage, seconds
        self._next = 0.0
        self._bar = progress_bar()

    def __enter__(self) -> StageContext:
        self._show = self._bar.__enter__()
        return replace(self._context, progress=self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.__exit__(kind, error, trace)

    def __call__(self, what: str, done: int, total: int) -> None:
        """Take what is counted, how many are done, and how many there are in all."""
        self._show(what, done, total)
        now = time.monotonic()
        if now < self._next and done != total:
            return
        self._next = now + self._seconds
        if self._context.trial is None:
            self._publish(what, done, total)

    def _publish(self, what: str, done: int, total: int) -> None:
        document = {
            "stage": self._stage.value,
            "what": what,
            "done": done,
            "total": total,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        name = f"stages/{self._stage.value}-progress.json"
        self._context.files.write(name, json.dumps(document).encode())
