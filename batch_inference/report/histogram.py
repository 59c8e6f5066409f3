"""How many rows have which probability, by verdict."""

from collections.abc import Sequence

import numpy as np

from detector.verdict import Verdict

# Fine enough to show where the threshold cuts, coarse enough that a bar can be clicked.
BINS = 40
VERDICTS = (Verdict.REAL, Verdict.UNSURE, Verdict.AI)


class Histogram:
    """Counts [verdict][bin] of equal bins over [0, 1]; the last one holds 1.0 as well."""

    def __init__(self) -> None:
        self._counts = np.zeros((len(VERDICTS), BINS), np.int64)

    def add(self, verdicts: Sequence[str], probabilities: Sequence[float | None]) -> None:
        """Count rows; those without a probability have no place here."""
        for place, verdict in enumerate(VERDICTS):
            found = [
                p
                for v, p in zip(verdicts, probabilities, strict=True)
                if v == verdict and p is not None
            ]
            bins = (np.clip(np.asarray(found, np.float64), 0, 1) * BINS).astype(np.int64)
            self._counts[place] += np.bincount(np.minimum(bins, BINS - 1), minlength=BINS)

    def counts(self) -> dict[str, list[int]]:
        """Return the counts by verdict."""
        return {v.value: self._counts[i].tolist() for i, v in enumerate(VERDICTS)}

    @property
    def rows(self) -> int:
        """How many rows were counted."""
        return int(self._counts.sum())
