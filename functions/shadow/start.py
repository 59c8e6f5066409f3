"""Has a challenger score a batch once more."""

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from detector.layout import BatchLayout
from detector.purpose import Purpose
from detector.shadow import MOST_ROWS, ShadowRequest
from detector.summary import ScoringCompleted

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient


def wanted(asked: ShadowRequest, ended: ScoringCompleted) -> bool:
    """Tell whether a batch is to have a shadow."""
    return (
        asked.picks(ended.batch)
        and ended.detector != asked.detector
        and 0 < ended.counts.rows <= MOST_ROWS
    )


def start_shadow(
    asked: ShadowRequest,
    batch: str,
    *,
    bucket: str,
    machine: str,
    s3: "S3Client",
    states: "SFNClient",
) -> str:
    """Start the shadow of a batch, over a copy of its manifest; return its name.

    An event may come twice; a second start is none.
    """
    name = asked.batch_name(batch)
    manifest = BatchLayout(bucket, batch).manifest
    copied = BatchLayout(bucket, name).manifest
    # A copy inside S3, since a manifest may be large.
    s3.copy_object(
        Bucket=bucket, Key=copied.key, CopySource={"Bucket": bucket, "Key": manifest.key}
    )
    given = {
        "batch": name,
        "manifest": str(copied),
        "purpose": Purpose.SHADOW.value,
        "detector": asked.detector,
        "shadow_of": batch,
    }
    with suppress(states.exceptions.ExecutionAlreadyExists):
        states.start_execution(stateMachineArn=machine, name=name, input=json.dumps(given))
    return name
