"""What came of one run of a contender, and of all runs together."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Outcome:
    """One run: ``found`` is what the contender told, ``peak_mb`` the memory of its processes."""

    contender: str
    round: int
    found: dict[str, Any] = field(default_factory=dict)
    peak_mb: float = 0.0
    failure: str = ""

    @property
    def rate(self) -> float:
        """Images a second, end to end."""
        return float(self.found["images"] / self.found["seconds"])

    @classmethod
    def read(cls, document: dict[str, Any]) -> Self:
        """Read one from a results file."""
        return cls(**document)


@dataclass(frozen=True)
class Spread:
    """Median, least and most of some samples."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, samples: Iterable[float]) -> Self:
        """Summarise samples.

        Raises
        ------
        statistics.StatisticsError
            If there are none.
        """
        known = list(samples)
        return cls(statistics.median(known), min(known, default=0.0), max(known, default=0.0))

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f}-{self.high:.2f})"


def runs_of(outcomes: Sequence[Outcome], contender: str) -> list[Outcome]:
    """Return the runs of a contender that came to an end, by round."""
    mine = [one for one in outcomes if one.contender == contender and not one.failure]
    return sorted(mine, key=lambda one: one.round)


def ratios(outcomes: Sequence[Outcome], contender: str, other: str) -> list[float]:
    """Return how many times faster a contender was than another, in each round that both ran."""
    theirs = {one.round: one.rate for one in runs_of(outcomes, other)}
    mine = runs_of(outcomes, contender)
    return [one.rate / theirs[one.round] for one in mine if one.round in theirs]
