"""Keep a tracker's trouble from a run: told once, and given up after a few failures in a row."""

import sys
from collections.abc import Callable, Mapping

from training.track.tracker import Tracker

Tell = Callable[[str], None]
# In a row; a tracker that fails now and then goes on.
GIVE_UP_AFTER = 3


def to_stderr(text: str) -> None:
    """Tell by a line on standard error."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


class Guarded:
    """A tracker that never raises.

    Parameters
    ----------
    tracker
        The tracker.
    name
        What it is called in messages.
    tell
        Told one sentence at the first failure.
    """

    def __init__(self, tracker: Tracker, name: str, tell: Tell = to_stderr) -> None:
        self.tracker, self.name, self.tell = tracker, name, tell
        self.failures = 0
        self._told = False
        self._finished = False

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Hand on, unless given up; drop what cannot be delivered."""
        if self._finished or self.failures >= GIVE_UP_AFTER:
            return
        try:
            self.tracker.log(step, metrics)
        except Exception as error:  # noqa: BLE001 - whatever a tracker does, the run goes on
            self._failed(error)
        else:
            self.failures = 0

    def finish(self, summary: Mapping[str, float]) -> None:
        """Hand on once, also after failures, so that what it holds is released."""
        if self._finished:
            return
        self._finished = True
        try:
            self.tracker.finish(summary)
        except Exception as error:  # noqa: BLE001 - as above
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        if not self._told:
            self._told = True
            self.tell(
                f"{self.name} could not take the run's numbers ({type(error).__name__}: "
                f"{str(error)[:300]}); training goes on, what it could not take is dropped"
            )
