"""Rows passed through once: the few that are shown, and how many of each verdict there were."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aidetect.results import Row

# AI first, then what a person should look at.
ORDER = {"ai": 0, "unsure": 1, "real": 2, "error": 3}


def rank(row: Row) -> tuple[int, float]:
    """Return what orders rows for a person."""
    return ORDER.get(row["verdict"], len(ORDER)), -(row["probability"] or 0.0)


@dataclass(frozen=True)
class Digest:
    """The first rows by rank, and the number of rows by verdict."""

    rows: tuple[Row, ...]
    verdicts: Counter[str]

    @property
    def total(self) -> int:
        """Number of all rows."""
        return self.verdicts.total()


def digest(rows: Iterable[Row], limit: int) -> Digest:
    """Pass over rows once, keeping at most ``limit`` of them, so that millions fit in memory."""
    verdicts = Counter[str]()

    def counted() -> Iterator[Row]:
        for row in rows:
            verdicts[row["verdict"]] += 1
            yield row

    return Digest(tuple(heapq.nsmallest(limit, counted(), key=rank)), verdicts)
