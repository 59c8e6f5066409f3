"""Putting the manifest down and starting its scoring, each at most once."""

import json
from typing import TYPE_CHECKING

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

    Returns
    -------
    Whether a new execution began; not so when the same uploads were told before.

    Raises
    ------
    botocore.exceptions.ClientError
        If either service refuses.
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
    return True
