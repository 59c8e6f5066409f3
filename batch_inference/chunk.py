"""A chunk while its rows come in, in any order."""

from typing import Self

from batch_inference.evidence import Selection
from detector.row import ResultRow


class OpenChunk:
    """Collects rows by place; complete once it was closed and every place is filled.

    Chunks of one archive are chained, since its last one says that the archive is done: it must not
    be committed before the others are. Only the scoring thread changes a chunk.

    Parameters
    ----------
    previous
        The chunk that must be committed before this one.
    most_evidence
        Of how many of its images evidence is kept.

    Attributes
    ----------
    evidence
        What is kept of its images for people to look at.
    """

    def __init__(self, previous: Self | None = None, most_evidence: int = 0) -> None:
        self.evidence = Selection(most_evidence)
        self.name = ""
        self.committed = False
        self.next: Self | None = None
        self._previous = previous
        if previous is not None:
            previous.next = self
        self._rows: dict[int, ResultRow] = {}
        self._size: int | None = None

    def close(self, name: str, size: int) -> None:
        """Give the chunk its name, and say how many rows it has."""
        self.name = name
        self._size = size

    def put(self, place: int, row: ResultRow) -> None:
        """Fill a place."""
        if place in self._rows:
            raise AssertionError(f"two rows for place {place} of chunk {self.name or 'open'}")
        self._rows[place] = row

    @property
    def ready(self) -> bool:
        """Whether every row is there, and the chunk may be committed."""
        waits = self._previous is not None and not self._previous.committed
        return len(self._rows) == self._size and not waits

    def take_rows(self) -> list[ResultRow]:
        """Return the rows in the order of their places, and let go of them."""
        rows = [self._rows[place] for place in sorted(self._rows)]
        self._rows, self._size, self._previous = {}, None, None
        return rows
