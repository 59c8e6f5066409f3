"""Writes the report of a batch to where it lies."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from batch_inference.detector_store import DetectorStore
from batch_inference.report.gather import gather
from batch_inference.report.page import render
from batch_inference.shard import layout_of
from detector.contract import ContractError
from detector.package import DetectorPackage, PackageError
from detector.plan import BatchPlan
from detector.summary import BatchSummary
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONTENT_TYPE = "text/html; charset=utf-8"


def write_report(
    plan: BatchPlan,
    summary: BatchSummary,
    *,
    s3: "S3Client",
    late: Callable[[], bool] = lambda: False,
) -> S3Uri:
    """Make the report of a batch that is closed, and write it, over an older one if need be.

    Parameters
    ----------
    plan, summary
        The batch, and what it came to.
    s3
        Client that may read the batch's results and evidence and write its control objects.
    late
        Whether time is short; then the page is made from what has been read so far.

    Returns
    -------
    Where it lies.
    """
    package = describe(plan, s3)
    decision = package.decision if package else None
    page = render(summary, gather(plan, s3=s3, decision=decision, late=late), package)
    where = layout_of(plan).report
    s3.put_object(Bucket=where.bucket, Key=where.key, Body=page, ContentType=CONTENT_TYPE)
    return where


def describe(plan: BatchPlan, s3: "S3Client") -> DetectorPackage | None:
    """Return the description of the batch's detector, or None where it cannot be read.

    The page then says that it does not know the threshold; it is no reason to have no page.
    """
    try:
        return DetectorStore(s3, Path(tempfile.gettempdir())).describe(plan.detector)
    except (PackageError, ContractError, ClientError):
        return None
