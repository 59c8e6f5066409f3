"""What became of each file found: an entry of the catalog, a copy left out, or a rejection."""

import hashlib
from collections import Counter
from collections.abc import Iterable

from detector.contract import Part
from training.data.catalog import TEST, CatalogEntry

# Names in a record are for people; the counts are complete.
MAX_REJECTED = 1_000
MAX_NAME = 300
CONTRADICTION = "contradicting_labels"


class Outcome(Part):
    """What one file came to. An entry without a ``shard`` is a copy of one that has it."""

    name: str
    entry: CatalogEntry | None = None
    reason: str = ""
    detail: str = ""


def content_digest(entries: Iterable[CatalogEntry], contradicting: Iterable[str] = ()) -> str:
    """Return the SHA-256 that knows a dataset again: over what its images are, not over times.

    Parameters
    ----------
    entries
        The catalog.
    contradicting
        SHA-256 of the images that are in both classes: data that was put right is other data.
    """
    lines = [f"{e.sha256},{e.label.value},{e.source},{e.split}\n" for e in entries]
    lines += [f"{sha256},{CONTRADICTION}\n" for sha256 in contradicting]
    return hashlib.sha256("".join(sorted(lines)).encode("utf-8", "surrogatepass")).hexdigest()


class Ledger:
    """Keeps the outcomes in order, so that an interrupted packing is replayed from them."""

    def __init__(self) -> None:
        self.consumed = 0
        self.duplicates = 0
        self._entries: dict[str, CatalogEntry] = {}
        self._contradicting: dict[str, list[str]] = {}
        self._rejected: list[tuple[str, str]] = []
        self._reasons = Counter[str]()

    def knows(self, sha256: str) -> bool:
        """Tell whether an image is packed already."""
        return sha256 in self._entries

    def take(self, outcome: Outcome) -> None:
        """Enter one outcome."""
        self.consumed += 1
        entry = outcome.entry
        if entry is None:
            self._reject(outcome.name, outcome.reason, outcome.detail)
        elif (first := self._entries.get(entry.sha256)) is None:
            self._entries[entry.sha256] = entry
        elif first.label is not entry.label:
            names = self._contradicting.setdefault(entry.sha256, [_named(first)])
            names.append(_named(entry))
        else:
            self.duplicates += 1
            # An image kept for judging must not be learnt from, wherever else it was found.
            if entry.split == TEST and first.split != TEST:
                where = {"shard": first.shard, "offset": first.offset}
                self._entries[entry.sha256] = entry.model_copy(update=where)

    def entries(self) -> tuple[CatalogEntry, ...]:
        """Return the catalog, in the order of the tars."""
        kept = (e for sha, e in self._entries.items() if sha not in self._contradicting)
        return tuple(sorted(kept, key=lambda e: (e.shard, e.offset)))

    def contradicting(self) -> tuple[str, ...]:
        """Return the SHA-256 of the images that are in both classes."""
        return tuple(sorted(self._contradicting))

    def rejected(self) -> tuple[tuple[tuple[str, str], ...], dict[str, int]]:
        """Return names with reasons, the first :data:`MAX_REJECTED`, and the count by reason."""
        contradicting = [
            (" = ".join(names)[:MAX_NAME], f"{CONTRADICTION}: the same image in both classes")
            for names in self._contradicting.values()
        ]
        reasons = dict(sorted(self._reasons.items()))
        if contradicting:
            reasons[CONTRADICTION] = len(contradicting)
        return tuple((contradicting + self._rejected)[:MAX_REJECTED]), reasons

    def _reject(self, name: str, reason: str, detail: str) -> None:
        self._reasons[reason] += 1
        if len(self._rejected) < MAX_REJECTED:
            self._rejected.append((name[:MAX_NAME], f"{reason}: {detail}"[:MAX_NAME]))


def _named(entry: CatalogEntry) -> str:
    return f"{entry.name} ({entry.label.value})"
