"""The plan in S3: written once, so that whoever comes again goes by the first."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from detector.once import put_once
from detector.plan import BatchPlan
from detector.stored_plan import load_plan
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def find_plan(uri: S3Uri, *, s3: "S3Client") -> BatchPlan | None:
    """Return the plan if there is one already."""
    try:
        return load_plan(s3, uri)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise


def save_plan(plan: BatchPlan, uri: S3Uri, *, s3: "S3Client") -> BatchPlan:
    """Write the plan unless there is one; return the one that holds."""
    if put_once(s3, uri, plan.dumps().encode(), content_type="application/json"):
        return plan
    return load_plan(s3, uri)
