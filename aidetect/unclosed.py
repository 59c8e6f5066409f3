"""Batches whose execution ended before they were closed, so that images are left without a row."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aidetect.execution import batch_of, describe
from aidetect.target import Target
from detector.json_text import read_json
from detector.layout import BatchLayout
from detector.purpose import Purpose

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions.literals import ExecutionStatusType

# Step Functions knows executions that ended for 90 days:
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
ENDINGS: "tuple[ExecutionStatusType, ...]" = ("FAILED", "ABORTED", "TIMED_OUT")


@dataclass(frozen=True)
class Unclosed:
    """A batch without a summary, the execution that left it so, and why that ended."""

    batch: str
    arn: str
    why: str


def unclosed(target: Target) -> Iterator[Unclosed]:
    """Yield the live batches that ended without a summary and that nothing works on.

    A batch with error rows of the reason ``not_scored`` has a summary: it is closed.

    Raises
    ------
    botocore.exceptions.ClientError
        If executions or summaries cannot be read.
    """
    bucket = target.outputs.ResultsBucket
    seen = {batch_of(name) for name, _ in _executions(target, "RUNNING")}
    for status in ENDINGS:
        for name, arn in _executions(target, status):
            batch = batch_of(name)
            if batch in seen:
                continue
            seen.add(batch)
            if not _is_there(target.s3, BatchLayout(bucket, batch).summary.key, bucket):
                if _input(target, arn).get("purpose", Purpose.LIVE.value) != Purpose.LIVE.value:
                    continue
                execution, why = describe(target.sfn, arn)
                yield Unclosed(batch, arn, why or execution.status)


def start_again(target: Target, found: Unclosed, now: datetime) -> str:
    """Start another execution of a batch, which goes on with what is committed; return its name.

    Not Step Functions' redrive: that goes on where an execution ended, and such a one ended in a
    state that only says why. A backfill whose manifest was never written is listed anew, under the
    new name.

    Raises
    ------
    botocore.exceptions.ClientError
        If the execution cannot be started.
    """
    layout = BatchLayout(target.outputs.ResultsBucket, found.batch)
    given = _input(target, found.arn)
    if _is_there(target.s3, layout.manifest.key, layout.bucket):
        given.pop("prefix", None)
        given |= {"batch": found.batch, "manifest": str(layout.manifest)}
    name = f"{found.batch[:60]}-again-{now:%y%m%d%H%M%S}"
    target.sfn.start_execution(
        stateMachineArn=target.outputs.ScoringStateMachineArn, name=name, input=json.dumps(given)
    )
    return name


def _executions(target: Target, status: "ExecutionStatusType") -> Iterator[tuple[str, str]]:
    pages = target.sfn.get_paginator("list_executions").paginate(
        stateMachineArn=target.outputs.ScoringStateMachineArn, statusFilter=status
    )
    for page in pages:
        for item in page["executions"]:
            yield item["name"], item["executionArn"]


def _input(target: Target, arn: str) -> dict[str, Any]:
    given = read_json(target.sfn.describe_execution(executionArn=arn).get("input", "{}"))
    return given if isinstance(given, dict) else {}


def _is_there(s3: "S3Client", key: str, bucket: str) -> bool:
    found = s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
    return any(item["Key"] == key for item in found.get("Contents", []))
