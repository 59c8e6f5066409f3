"""What a training run tells of itself, and to whom."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class Tracker(Protocol):
    """Takes numbers as they come. Must never fail a run: what it cannot deliver it drops."""

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Take metrics of a step; names such as ``train/loss``, ``train/images_per_second``."""
        ...

    def finish(self, summary: Mapping[str, float]) -> None:
        """Take the final numbers and close. Called once, also after a failure."""
        ...


class Trackers:
    """Several trackers as one."""

    def __init__(self, trackers: Sequence[Tracker] = ()) -> None:
        self.trackers = tuple(trackers)

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Hand on to each."""
        for tracker in self.trackers:
            tracker.log(step, metrics)

    def finish(self, summary: Mapping[str, float]) -> None:
        """Hand on to each."""
        for tracker in self.trackers:
            tracker.finish(summary)
