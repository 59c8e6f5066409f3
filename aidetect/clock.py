"""What time it is where the stack runs: this machine's clock may be minutes off."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def server_time(s3: "S3Client", bucket: str) -> datetime:
    """Return the time of S3's answer, aware, to the second; ours where it says none.

    Raises
    ------
    botocore.exceptions.ClientError
        If the bucket cannot be reached.
    """
    headers = s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
    # HTTP asks for the header; without it our own clock is the best guess.
    told = headers.get("date")
    return parsedate_to_datetime(told) if told else datetime.now(UTC)
