"""What breaks which promise, counted without keeping it all."""

from aidetect.verification.document import MOST_NAMED, Check

# In the order they are shown.
PROMISES = {
    "one-row": "every image has a row, and no image has two",
    "no-stranger": "every row is of an image of the batch",
    "chunks": "every result object is one that the plan makes",
    "detector": "every row is by the detector that the plan pins",
    "verdict-or-reason": "every row is a verdict with a probability, or an error with a reason",
    "summary": "the summary counts what the rows say",
    "ended": "nothing of the batch is still under way",
}


class Tally:
    """Counts what breaks each promise, and keeps the first names."""

    def __init__(self) -> None:
        self._broken = dict.fromkeys(PROMISES, 0)
        self._named: dict[str, list[str]] = {name: [] for name in PROMISES}

    def breaks(self, promise: str, what: str) -> None:
        """Count one that breaks a promise."""
        self._broken[promise] += 1
        if len(self._named[promise]) < MOST_NAMED:
            self._named[promise].append(what)

    def checks(self) -> tuple[Check, ...]:
        """Return all promises, as they stand."""
        return tuple(
            Check(
                name=name,
                promise=promise,
                broken=self._broken[name],
                named=tuple(self._named[name]),
            )
            for name, promise in PROMISES.items()
        )
