"""What a shard reports, what a batch adds up to, and the event that says it is done."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import ClassVar, Self

from pydantic import Field

from detector.contract import Contract, Part
from detector.purpose import Purpose
from detector.reason import Reason
from detector.sketch import Sketch
from detector.verdict import Verdict


class Counts(Part):
    """Rows by verdict and error rows by reason."""

    rows: int = 0
    verdicts: dict[Verdict, int] = Field(default_factory=dict)
    reasons: dict[Reason, int] = Field(default_factory=dict)

    @classmethod
    def of(cls, outcomes: Iterable[tuple[Verdict, Reason | None]]) -> Self:
        """Count (verdict, reason) pairs."""
        pairs = list(outcomes)
        return cls(
            rows=len(pairs),
            verdicts=dict(Counter(v for v, _ in pairs)),
            reasons=dict(Counter(r for _, r in pairs if r is not None)),
        )

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            rows=self.rows + other.rows,
            verdicts=dict(Counter(self.verdicts) + Counter(other.verdicts)),
            reasons=dict(Counter(self.reasons) + Counter(other.reasons)),
        )


class ShardRecord(Contract):
    """Written when all chunks of a shard are committed; its presence says: shard complete."""

    SCHEMA: ClassVar[str] = "aidetect.shard/1"

    batch: str
    shard: int
    counts: Counts
    chunks: int
    resumed_chunks: int = 0
    bytes_read: int = 0
    gets: int = 0
    seconds: float = 0.0
    provider: str = ""
    graph: str = ""
    attempt: int = 1
    # EC2's name of the machine; empty where it is none of EC2's, or in Lambda.
    instance: str = ""
    # Of what this attempt scored; what an earlier one had committed is not in it.
    sketch: Sketch | None = None


class Status(StrEnum):
    """How a batch ended."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"


class BatchSummary(Contract):
    """``summary.json``: what a batch came to; ``incomplete`` when some images were not scored."""

    SCHEMA: ClassVar[str] = "aidetect.summary/1"

    batch: str
    status: Status
    lane: str
    counts: Counts
    detector: str
    run_date: str
    started_at: str
    finished_at: str
    seconds: float
    shards: int
    manifest: str
    results: str
    failed_shards: tuple[int, ...] = ()
    purpose: Purpose = Purpose.LIVE
    # Of the images that were scored; fewer where a shard was resumed.
    sketch: Sketch | None = None


class ScoringCompleted(Contract):
    """Detail of the EventBridge event (source ``aidetect``, detail type ``ScoringCompleted``)."""

    SCHEMA: ClassVar[str] = "aidetect.scoring-completed/1"
    SOURCE: ClassVar[str] = "aidetect"
    DETAIL_TYPE: ClassVar[str] = "ScoringCompleted"

    batch: str
    status: Status
    counts: Counts
    detector: str
    summary: str
    results: str
    # The page for people; empty when it could not be made.
    report: str = ""
    # Always live: nobody is told of another batch. The state machine goes by it.
    purpose: Purpose = Purpose.LIVE
