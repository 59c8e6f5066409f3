"""Has the golden set scored, once a day."""

import json
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from detector.golden_set import golden_prefix
from detector.purpose import Purpose

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient


def golden_input(bucket: str) -> str:
    """Return what an execution is started with that scores the golden set."""
    return json.dumps({"prefix": str(golden_prefix(bucket)), "purpose": Purpose.GOLDEN.value})


def start_golden(
    bucket: str, machine: str, *, s3: "S3Client", states: "SFNClient", now: datetime
) -> str | None:
    """Start the day's golden batch; return its name, or None where there is no golden set.

    A schedule may fire twice; a second start of the day is none.
    """
    where = golden_prefix(bucket)
    if not s3.list_objects_v2(Bucket=bucket, Prefix=where.key, MaxKeys=1).get("KeyCount"):
        return None
    name = f"golden-{now:%Y%m%d}"
    with suppress(states.exceptions.ExecutionAlreadyExists):
        states.start_execution(stateMachineArn=machine, name=name, input=golden_input(bucket))
    return name
