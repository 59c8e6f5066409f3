"""How the champion did on the golden set: measured when its batch is closed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from batch_inference.said import read_said
from batch_inference.shard import layout_of
from detector.evaluation import Label
from detector.golden_set import GoldenAccuracy, label_of
from detector.metric import Metric, Unit
from detector.plan import BatchPlan
from detector.summary import BatchSummary
from detector.verdict import Verdict
from functions.stored import save_once

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def golden_of(plan: BatchPlan, summary: BatchSummary, *, s3: "S3Client") -> GoldenAccuracy | None:
    """Judge a golden batch and put it on record; None unless both classes have a verdict."""
    layout = layout_of(plan)

    def said() -> Iterator[tuple[Label, Verdict, float | None]]:
        for row in read_said(s3, layout.results):
            if (label := label_of(row.key)) is not None:
                yield label, row.verdict, row.probability

    found = GoldenAccuracy.of(
        said(), batch=plan.batch, detector=str(plan.detector), at=summary.finished_at
    )
    return found and save_once(found, layout.golden, s3=s3)


def golden_metrics(found: GoldenAccuracy) -> tuple[Metric, ...]:
    """Return the numbers that are watched; accuracies in percent."""
    return (
        Metric("GoldenBalancedAccuracy", 100 * found.balanced, Unit.PERCENT),
        Metric("GoldenRealAccuracy", 100 * found.real_right, Unit.PERCENT),
        Metric("GoldenAuc", found.auc, Unit.NONE),
    )
