"""Starts the scoring of a prefix that is already full."""

import json
import secrets
from datetime import datetime

from botocore.exceptions import ClientError

from aidetect.errors import AidetectError
from aidetect.explanation import explain
from aidetect.target import Target
from detector.uri import S3Uri


class StartError(AidetectError, RuntimeError):
    """The execution could not be started."""


def start_prefix(target: Target, prefix: S3Uri, now: datetime) -> str:
    """Start a backfill and return the ARN of its execution.

    Raises
    ------
    StartError
        If Step Functions refuses.
    """
    name = f"prefix-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    try:
        return target.sfn.start_execution(
            stateMachineArn=target.outputs.ScoringStateMachineArn,
            name=name,
            input=json.dumps({"prefix": str(prefix)}),
        )["executionArn"]
    except ClientError as error:
        raise StartError(f"scoring of {prefix} was not started: {explain(error)}") from error
