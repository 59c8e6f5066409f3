"""What a closed batch says of its detector: measured, logged, put as metrics."""

from typing import TYPE_CHECKING

from detector.metric import Metric, tell
from detector.plan import BatchPlan
from detector.purpose import Purpose
from detector.summary import BatchSummary
from functions.collect.drift import drift_metrics, drift_of
from functions.collect.golden import golden_metrics, golden_of
from functions.collect.shadow import shadow_metrics, shadow_of
from functions.logger import logger

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def watch(plan: BatchPlan, summary: BatchSummary, *, s3: "S3Client") -> None:
    """Measure what there is to be measured. Whatever fails in it, the batch is closed."""
    try:
        tell(*_measure(plan, summary, s3), batch=plan.batch, detector=str(plan.detector))
    except Exception:  # noqa: BLE001 - the rows and the summary are there; a number is missing
        logger.warning("not watched: a number could not be made", exc_info=True)


def _measure(plan: BatchPlan, summary: BatchSummary, s3: "S3Client") -> tuple[Metric, ...]:
    if plan.purpose is Purpose.LIVE:
        drift = drift_of(plan, summary, s3=s3)
        return () if drift is None else drift_metrics(drift)
    if plan.purpose is Purpose.GOLDEN:
        golden = golden_of(plan, summary, s3=s3)
        return () if golden is None else golden_metrics(golden)
    return shadow_metrics(shadow_of(plan, summary, s3=s3))
