"""Which images a page shows when a batch has more than a page can: a bounded, ranked choice."""

import heapq
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from batch_inference.report.claims import disagree
from detector.evidence import MAX_IMAGES, Evidence
from detector.verdict import Decision, Verdict

# Of a page that cannot show everything, this share is kept for errors, whatever else there is.
ERROR_SHARE = 0.1
_ORDER = {Verdict.UNSURE: 0, Verdict.AI: 1, Verdict.REAL: 2}
# Where there is no decision to be near to.
MIDDLE = 0.5

Rank = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """An image of the page: its row by column name, and what evidence there is of it."""

    row: dict[str, Any]
    evidence: Evidence | None


@dataclass
class Best:
    """At most ``places`` things, those of the lowest rank; of equal ranks the first that came."""

    places: int
    # (negated rank, negated arrival, thing): the heap's first is the worst that is kept.
    _heap: list[tuple[Rank, int, Shown]] = field(default_factory=list)
    _arrivals: int = 0

    def wants(self, rank: Rank) -> bool:
        """Return whether something of this rank would be kept."""
        if len(self._heap) < self.places:
            return True
        return bool(self._heap) and tuple(-part for part in rank) > self._heap[0][0]

    def add(self, rank: Rank, shown: Shown) -> None:
        """Keep it if it is good enough, and forget the worst when there are too many."""
        if not self.wants(rank):
            return
        self._arrivals += 1
        item = (tuple(-part for part in rank), -self._arrivals, shown)
        if len(self._heap) < self.places:
            heapq.heappush(self._heap, item)
        else:
            heapq.heapreplace(self._heap, item)

    def best(self, count: int | None = None) -> list[Shown]:
        """Return the best ones, best first."""
        return [shown for _, _, shown in sorted(self._heap, reverse=True)[:count]]

    def __len__(self) -> int:
        return len(self._heap)


class Pick:
    """Chooses among all rows of a batch, of which it holds a page's worth at a time.

    First what has evidence; then ``unsure`` and what the file itself contradicts, ``ai``, ``real``;
    then what is nearest to the threshold. Errors have places of their own, spread over reasons.
    """

    def __init__(self, decision: Decision | None, places: int = MAX_IMAGES) -> None:
        self._threshold = decision.threshold if decision else MIDDLE
        self._places = places
        self._scored, self._errors = Best(places), Best(places)
        self._reasons: Counter[str] = Counter()
        self.seen = 0

    def rank(
        self,
        verdict: str,
        probability: float | None,
        reason: str | None,
        provenance: str | None,
        *,
        evidence: bool,
    ) -> Rank:
        """Return the rank of a row, low ones first; every row must be asked for exactly once."""
        self.seen += 1
        if verdict == Verdict.ERROR or probability is None:
            self._reasons[reason or ""] += 1
            return (self._reasons[reason or ""],)
        order = 0 if disagree(verdict, provenance) else _ORDER[Verdict(verdict)]
        return (0 if evidence else 1, order, abs(probability - self._threshold))

    def wants(self, rank: Rank) -> bool:
        """Return whether a row of this rank would be kept."""
        return self._of(rank).wants(rank)

    def add(self, rank: Rank, shown: Shown) -> None:
        """Keep a row if it is good enough."""
        self._of(rank).add(rank, shown)

    def chosen(self) -> list[Shown]:
        """Return what the page shows, the most telling first."""
        spare = self._places - len(self._scored)
        errors = min(len(self._errors), max(spare, round(self._places * ERROR_SHARE)))
        return self._scored.best(self._places - errors) + self._errors.best(errors)

    def _of(self, rank: Rank) -> Best:
        return self._errors if len(rank) == 1 else self._scored
