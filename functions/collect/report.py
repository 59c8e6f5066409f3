"""The report of a batch, as long as there is time for it: a batch never fails for want of one."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from batch_inference.report.write import write_report
from detector.plan import BatchPlan
from detector.summary import BatchSummary
from detector.uri import S3Uri
from functions.logger import logger

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# What the function keeps of its time, in milliseconds: to end reading, and to render and upload
# 25 MB (about 5 s together on one vCPU), with room for a slow store.
RESERVE = 90_000


def report_of(
    plan: BatchPlan, summary: BatchSummary, *, s3: "S3Client", left: Callable[[], int]
) -> S3Uri | None:
    """Write the report of a closed batch; return where it lies, or None when there is none.

    Parameters
    ----------
    plan, summary, s3
        The batch, what it came to, and a client.
    left
        How many milliseconds the function may still run.
    """
    if left() < RESERVE:
        logger.warning("no report: too little time is left; close the batch again to make it")
        return None
    try:
        return write_report(plan, summary, s3=s3, late=lambda: left() < RESERVE)
    except Exception:  # noqa: BLE001 - the rows and the summary are there; only the page is missing
        logger.warning("no report: it could not be made", exc_info=True)
        return None
