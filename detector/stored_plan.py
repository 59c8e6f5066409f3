"""A plan as it lies in S3."""

from typing import TYPE_CHECKING

from detector.plan import BatchPlan
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def load_plan(s3: "S3Client", where: S3Uri) -> BatchPlan:
    """Read a plan.

    Raises
    ------
    detector.contract.ContractError
        If the object is no plan of this version.
    """
    with s3.get_object(Bucket=where.bucket, Key=where.key)["Body"] as body:
        return BatchPlan.parse(body.read(), where=str(where))
