"""Where there is more to see of an image: its batch's report, and the evidence kept of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from aidetect.results import Row
from detector.layout import BatchLayout
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Trail:
    """What exists beside a row; None for what does not, or may not be seen."""

    batch: str = ""
    report: S3Uri | None = None
    evidence: S3Uri | None = None


NO_TRAIL = Trail()


def _there(s3: "S3Client", where: S3Uri) -> S3Uri | None:
    try:
        s3.head_object(Bucket=where.bucket, Key=where.key)
    except ClientError:
        return None
    return where


def follow_trail(s3: "S3Client", bucket: str, row: Row) -> Trail:
    """Look up what exists beside a row that :func:`aidetect.results.find` returned."""
    layout = BatchLayout(bucket, row["batch"], row["run_date"])
    return Trail(
        batch=row["batch"],
        report=_there(s3, layout.report),
        evidence=_there(s3, layout.evidence(row["chunk"])),
    )
