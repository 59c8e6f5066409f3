"""Rows held against the manifest, chunk by chunk; memory grows by bytes an image, not by rows."""

from array import array
from collections import Counter
from typing import TYPE_CHECKING, Any

from aidetect.verification.tally import Tally
from batch_inference.shard import Unit
from detector.verdict import Verdict

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ["image", "key", "member", "entry", "verdict", "probability", "reason", "detector"]
VERDICTS = frozenset(verdict.value for verdict in Verdict)


class Entries:
    """The rows that each entry of a manifest has.

    Parameters
    ----------
    count
        Entries of the manifest.
    detector
        ``name@version`` that the plan pins.
    tally
        Told of what breaks a promise.
    """

    def __init__(self, count: int, detector: str, tally: Tally) -> None:
        self._rows = array("L", bytes(array("L").itemsize * count))
        self._detector = detector
        self._tally = tally
        self.verdicts: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()

    @property
    def rows(self) -> int:
        """All rows seen."""
        return self.verdicts.total()

    def take(self, table: "pa.Table", unit: Unit) -> None:
        """Look at the rows of one chunk, which may hold those of its unit's entries alone."""
        own = {source.index: source.entry for source in unit.sources}
        for row in table.to_pylist():
            self._sound(row)
            entry = own.get(row["entry"])
            if entry is None or entry.key != row["key"]:
                self._tally.breaks("no-stranger", str(row["image"]))
                continue
            self._rows[row["entry"]] += 1

    def close(self, unit: Unit) -> None:
        """Say which entries of a unit, whose chunks were all looked at, have not one row each.

        An archive has one for each image in it, and its chunks say whether they are all there.
        """
        for source in unit.sources:
            rows, uri = self._rows[source.index], source.entry.uri
            if rows == 0:
                self._tally.breaks("one-row", f"{uri}: none")
            elif rows > 1 and not unit.archive:
                self._tally.breaks("one-row", f"{uri}: {rows}")

    def _sound(self, row: dict[str, Any]) -> None:
        self.verdicts[row["verdict"]] += 1
        failed = row["verdict"] == Verdict.ERROR.value
        if failed:
            self.reasons[str(row["reason"])] += 1
        if (
            row["verdict"] not in VERDICTS
            or failed != (row["reason"] is not None)
            or failed != (row["probability"] is None)
        ):
            self._tally.breaks("verdict-or-reason", str(row["image"]))
        if row["detector"] != self._detector:
            self._tally.breaks("detector", f"{row['image']}: {row['detector']}")
