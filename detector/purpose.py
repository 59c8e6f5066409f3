"""What a batch is scored for: its user, or the watch over the detector."""

from enum import StrEnum


class Purpose(StrEnum):
    """Why a batch is scored.

    ``live`` is somebody's batch. ``golden`` is the labelled set that the champion is held to every
    day (:mod:`detector.golden_set`). ``shadow`` is a live batch once more, by a challenger
    (:mod:`detector.shadow`). Of the last two nobody is told, and their rows lie apart.
    """

    LIVE = "live"
    GOLDEN = "golden"
    SHADOW = "shadow"

    @property
    def rows_prefix(self) -> str:
        """What the keys of its result rows begin with."""
        return "results/" if self is Purpose.LIVE else f"{self.value}/"
