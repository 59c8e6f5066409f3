"""AWS as moto plays it, with the buckets a deployed stack has; and what Lambda hands a function."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from functions import aws

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

RESULTS, MODELS, INTAKE = "results-bucket", "models-bucket", "intake-bucket"
TRAINING, SOURCE = "training-bucket", "source-bucket"
CHAMPION_PARAMETER = "/stack/champion"


@dataclass
class FakeContext:
    """What the functions use of Lambda's context."""

    function_name: str = "function"
    memory_limit_in_mb: int = 128
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:function"
    aws_request_id: str = "request"
    milliseconds: int = 900_000

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@pytest.fixture
def context() -> Any:
    return FakeContext()


@pytest.fixture(autouse=True)
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    clients = (
        aws.s3_client,
        aws.ssm_client,
        aws.sns_client,
        aws.states_client,
    )
    for client in clients:
        client.cache_clear()
    with mock_aws():
        yield
    for client in clients:
        client.cache_clear()


@pytest.fixture
def s3() -> "S3Client":
    client = boto3.client("s3")
    for bucket in (RESULTS, MODELS, INTAKE, TRAINING, SOURCE):
        client.create_bucket(Bucket=bucket)
    return client


@pytest.fixture
def ssm() -> "SSMClient":
    client = boto3.client("ssm")
    client.put_parameter(Name=CHAMPION_PARAMETER, Value="probe@1.0.0", Type="String")
    return client
