"""What was verified of a batch, as a document that programs may read."""

from typing import ClassVar

from detector.contract import Contract, Part

# Of each check, so many of the images or objects that failed it are named.
MOST_NAMED = 20


class Check(Part):
    """One promise. ``broken`` counts what breaks it, ``named`` are the first of these."""

    name: str
    promise: str
    broken: int = 0
    named: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether nothing breaks it."""
        return self.broken == 0


class Verification(Contract):
    """A batch's promises, and over how many objects, images and rows they were checked.

    An archive is one object of as many images as it holds.
    """

    SCHEMA: ClassVar[str] = "aidetect.verification/1"

    batch: str
    detector: str
    execution: str
    objects: int
    rows: int
    chunks: int
    verdicts: dict[str, int]
    checks: tuple[Check, ...]

    @property
    def kept(self) -> bool:
        """Whether all promises were kept."""
        return all(check.kept for check in self.checks)
