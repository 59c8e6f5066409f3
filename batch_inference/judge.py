"""From what is known of an image to its result row."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from batch_inference.decoding import Facts
from batch_inference.source import Source
from detector.calibration import Calibration
from detector.package import Graph
from detector.plan import BatchPlan, Lane
from detector.provenance import NONE, Provenance
from detector.reason import ImageError, Reason
from detector.row import ResultRow
from detector.verdict import Decision, Verdict


def utc_now() -> datetime:
    """Return the time, to the millisecond that a row keeps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def error_row(
    plan: BatchPlan,
    source: Source,
    error: ImageError,
    *,
    now: datetime,
    facts: Facts | None = None,
    provenance: Provenance = NONE,
    lane: Lane | None = None,
) -> ResultRow:
    """Return the row of an image without a verdict."""
    outcome = _Outcome(Verdict.ERROR, reason=error.reason, detail=error.detail)
    known = facts or Facts()
    return _row(plan, source, known, provenance, outcome, lane=lane or plan.lane, now=now)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What differs between the row of a verdict and the row of an error."""

    verdict: Verdict
    probability: float | None = None
    logit: float | None = None
    graph: str | None = None
    reason: Reason | None = None
    detail: str | None = None


def _row(
    plan: BatchPlan,
    source: Source,
    facts: Facts,
    provenance: Provenance,
    outcome: _Outcome,
    *,
    lane: Lane,
    now: datetime,
) -> ResultRow:
    entry = source.entry
    return ResultRow(
        image=source.image,
        bucket=entry.bucket,
        key=entry.key,
        member=source.member,
        entry=source.index,
        etag=entry.etag,
        object_version=entry.version,
        bytes=facts.bytes,
        sha256=facts.sha256,
        format=facts.format,
        width=facts.width,
        height=facts.height,
        verdict=outcome.verdict,
        probability=outcome.probability,
        logit=outcome.logit,
        reason=outcome.reason,
        detail=outcome.detail,
        detector=str(plan.detector),
        graph=outcome.graph,
        lane=lane.value,
        scored_at=now,
        provenance=provenance.column,
        generator=provenance.generator,
        provenance_detail=provenance.detail,
    )


@dataclass(frozen=True)
class Judge:
    """Makes the rows of one shard."""

    plan: BatchPlan
    calibration: Calibration
    decision: Decision
    graph: Graph
    # Where the shard is scored; the plan's lane unless it failed over.
    lane: Lane
    clock: Callable[[], datetime] = utc_now

    def refuse(
        self,
        source: Source,
        error: ImageError,
        facts: Facts | None = None,
        provenance: Provenance = NONE,
    ) -> ResultRow:
        """Return the row of an image that cannot be scored."""
        return error_row(
            self.plan,
            source,
            error,
            now=self.clock(),
            facts=facts,
            provenance=provenance,
            lane=self.lane,
        )

    def score(
        self, source: Source, facts: Facts, logit: float, provenance: Provenance = NONE
    ) -> ResultRow:
        """Return the row of an image with the detector's raw output."""
        if not math.isfinite(logit):
            error = ImageError(
                Reason.NOT_SCORED, f"the detector gave {logit}; report the image's SHA-256"
            )
            return self.refuse(source, error, facts, provenance)
        probability = self.calibration.probability(logit)
        outcome = _Outcome(
            self.decision.verdict(probability), probability, logit, graph=self.graph.value
        )
        now = self.clock()
        return _row(self.plan, source, facts, provenance, outcome, lane=self.lane, now=now)
