"""A stack and the clients that reach it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from aidetect.outputs import StackOutputs

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_stepfunctions import SFNClient

# Uploads and polls share one client between threads, so the pool is as wide as they are.
CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, max_pool_connections=32)


class NoStackError(RuntimeError):
    """There is no stack to speak to; the message says how to get one."""


@dataclass(frozen=True)
class Target:
    """A stack and the clients that reach it."""

    label: str
    outputs: StackOutputs
    s3: "S3Client"
    sfn: "SFNClient"
    ssm: "SSMClient"
    sqs: "SQSClient"
    is_local: bool = False


def connect(session: boto3.Session, endpoint: str | None, stack: str, label: str) -> Target:
    """Describe the stack and build its clients.

    Raises
    ------
    NoStackError
        If the stack or the credentials are not there.
    OutputsError
        If the stack is not this product.
    """
    try:
        cloudformation = session.client("cloudformation", endpoint_url=endpoint, config=CONFIG)
        stacks = cloudformation.describe_stacks(StackName=stack)["Stacks"]
        outputs = StackOutputs.of(stacks[0].get("Outputs", []))
        return Target(
            label=label,
            outputs=outputs,
            s3=session.client("s3", endpoint_url=endpoint, config=CONFIG),
            sfn=session.client("stepfunctions", endpoint_url=endpoint, config=CONFIG),
            ssm=session.client("ssm", endpoint_url=endpoint, config=CONFIG),
            sqs=session.client("sqs", endpoint_url=endpoint, config=CONFIG),
            is_local=endpoint is not None,
        )
    except (ClientError, BotoCoreError) as error:
        raise NoStackError(
            f"no stack {stack!r} on {label}: run `aidetect local up`, or set AWS_PROFILE and "
            f"AWS_REGION to the account where it is deployed ({error})"
        ) from error
