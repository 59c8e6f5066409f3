"""Putting the manifest down and starting its scoring, each at most once."""

import json
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from detector.execution_arn import execution_arn
from detector.layout import BatchLayout
from detector.once import put_once
from functions.intake.gather import Gathered

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient


def start(
    gathered: Gathered, *, bucket: str, machine: str, s3: "S3Client", states: "SFNClient"
) -> bool:
    """Write the manifest and start the execution named after it.

    A refusal says nothing of what was done: where only the answer was lost, the uploads have their
    batch, and would get a second one if their messages came back together with others.

    Returns
    -------
    Whether a new execution began; not so when the same uploads were told before.

    Raises
    ------
    botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
        If either service refuses, and no execution has begun.
    """
    manifest = BatchLayout(bucket, gathered.batch).manifest
    put_once(s3, manifest, gathered.manifest, content_type="application/x-ndjson")
    try:
        states.start_execution(
            stateMachineArn=machine,
            name=gathered.batch,
            input=json.dumps({"batch": gathered.batch, "manifest": str(manifest)}),
        )
    except states.exceptions.ExecutionAlreadyExists:
        return False
    except (ClientError, BotoCoreError):
        if not _began(execution_arn(machine, gathered.batch), states):
            raise
    return True


def _began(execution: str, states: "SFNClient") -> bool:
    """Tell whether an execution is there; where that cannot be told either, that it is not."""
    try:
        states.describe_execution(executionArn=execution)
    except (ClientError, BotoCoreError):
        return False
    return True
