"""The one way the functions get AWS clients, with the one retry policy."""

from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_stepfunctions import SFNClient

# Standard mode backs off with jitter on throttling; the pool holds the GETs a scorer has in flight.
CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 6}, max_pool_connections=64, connect_timeout=5
)
# What is presigned must name the bucket's region: the global name redirects elsewhere for a day
# after a bucket was made, and browsers do not follow a redirected preflight.
SIGNING = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})


@cache
def s3_client() -> "S3Client":
    """Return the S3 client of this process."""
    return boto3.client("s3", config=CONFIG)


@cache
def signing_client() -> "S3Client":
    """Return the S3 client of this process that presigns for others."""
    return boto3.client("s3", config=CONFIG.merge(SIGNING))


@cache
def ssm_client() -> "SSMClient":
    """Return the Systems Manager client of this process."""
    return boto3.client("ssm", config=CONFIG)


@cache
def sns_client() -> "SNSClient":
    """Return the notification client of this process."""
    return boto3.client("sns", config=CONFIG)


@cache
def batch_client() -> "BatchClient":
    """Return the Batch client of this process."""
    return boto3.client("batch", config=CONFIG)


@cache
def ec2_client() -> Any:
    """Return the EC2 client of this process."""
    return boto3.client("ec2", config=CONFIG)


@cache
def states_client() -> "SFNClient":
    """Return the Step Functions client of this process."""
    return boto3.client("stepfunctions", config=CONFIG)
