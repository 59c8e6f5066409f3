"""What the checks found, as a document that programs may read."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from detector.contract import Contract, Part


class Outcome(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


class Finding(Part):
    """What one check found; ``remedy`` is what to do about it, empty where nothing is."""

    check: str
    outcome: Outcome
    found: str
    remedy: str = ""


class Diagnosis(Contract):
    """All that was found, in the order of the checks."""

    SCHEMA: ClassVar[str] = "aidetect.diagnosis/1"

    where: str
    stack: str
    at: datetime
    findings: tuple[Finding, ...]

    @property
    def healthy(self) -> bool:
        """Whether no check failed."""
        return all(finding.outcome is not Outcome.FAILED for finding in self.findings)

    def count(self, outcome: Outcome) -> int:
        """Return how many checks came out so."""
        return sum(finding.outcome is outcome for finding in self.findings)
