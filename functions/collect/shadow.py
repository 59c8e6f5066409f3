"""How far a challenger agrees with the champion: measured when its shadow of a batch is closed."""

from typing import TYPE_CHECKING

from batch_inference.said import read_said
from batch_inference.shard import layout_of
from detector.layout import BatchLayout
from detector.metric import Metric, Unit
from detector.plan import BatchPlan
from detector.shadow import ShadowFinding, finding_uri
from detector.summary import BatchSummary
from detector.uri import S3Uri
from functions.stored import load, save_once

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def shadow_of(plan: BatchPlan, summary: BatchSummary, *, s3: "S3Client") -> ShadowFinding:
    """Compare a shadow with the batch that it is of, and put it on record."""
    live = load(BatchSummary, BatchLayout(plan.bucket, plan.shadow_of).summary, s3=s3)
    champion = {
        (row.entry, row.member): (row.verdict, row.probability)
        for row in read_said(s3, S3Uri.parse(live.results))
    }
    challenger = (
        ((row.entry, row.member), row.verdict, row.probability)
        for row in read_said(s3, layout_of(plan).results)
    )
    found = ShadowFinding.of(
        champion,
        challenger,
        batch=plan.shadow_of,
        shadow=plan.batch,
        champion=live.detector,
        challenger=str(plan.detector),
        at=summary.finished_at,
    )
    where = finding_uri(plan.bucket, found.challenger, found.shadow)
    return save_once(found, where, s3=s3)


def shadow_metrics(found: ShadowFinding) -> tuple[Metric, ...]:
    """Return the numbers that are shown; agreement in percent."""
    if not found.images:
        return ()
    return (
        Metric("ShadowImages", found.images),
        Metric("ShadowAgreement", 100 * found.agree / found.images, Unit.PERCENT),
        Metric("ShadowDifference", found.difference, Unit.NONE),
    )
