"""Promoting what a gate let through."""

from typing import TYPE_CHECKING

from detector.layout import RunLayout
from detector.promotion import PromotionError, PromotionLog
from detector.training_run import GateDecision, TrainingRun
from functions.stored import load

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOBODY = "training"


def promote(layout: RunLayout, log: PromotionLog, *, s3: "S3Client") -> GateDecision:
    """Promote a run's detector, once; return the decision that allowed it.

    Raises
    ------
    detector.promotion.PromotionError
        If its gate refused it, or the detector is gone.
    detector.contract.ContractError
        If the run's description or decision is missing or damaged.
    """
    decision = load(GateDecision, layout.gate, s3=s3)
    if not decision.passed:
        raise PromotionError(f"the gate of run {layout.run} refused: {'; '.join(decision.reasons)}")
    request = load(TrainingRun, layout.description, s3=s3).request
    log.promote(
        decision.challenger,
        by=request.requested_by or NOBODY,
        reason="; ".join(part for part in ("passed the gate", request.reason) if part),
        run=layout.run,
    )
    return decision
