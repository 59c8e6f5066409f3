"""Batches whose execution ended before they were closed, so that images are left without a row."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aidetect.execution import batch_of, given_to, is_live, why_ended
from aidetect.target import Target
from detector.layout import BatchLayout
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions.literals import ExecutionStatusType

# Step Functions knows executions that ended for 90 days:
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
ENDINGS: "tuple[ExecutionStatusType, ...]" = ("FAILED", "ABORTED", "TIMED_OUT")


@dataclass(frozen=True)
class Unclosed:
    """A batch without a summary, what it was started with, and why the execution ended."""

    batch: str
    given: Mapping[str, Any]
    why: str


def unclosed(target: Target) -> Iterator[Unclosed]:
    """Yield the live batches that ended without a summary and that nothing works on.

    A batch with error rows of the reason ``not_scored`` has a summary: it is closed. One without a
    manifest is a backfill of a prefix that was never listed: no image is known of it, and whoever
    started it was told.

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
            layout = BatchLayout(bucket, batch)
            if _is_there(target.s3, layout.summary) or not _is_there(target.s3, layout.manifest):
                continue
            found = target.sfn.describe_execution(executionArn=arn)
            given = given_to(found)
            if is_live(given):
                yield Unclosed(batch, given, why_ended(found) or found["status"])


def start_again(target: Target, found: Unclosed, now: datetime) -> str:
    """Start another execution of a batch, which goes on with what is committed; return its name.

    Not Step Functions' redrive: that goes on where an execution ended, and such a one ended in a
    state that only says why.

    Raises
    ------
    botocore.exceptions.ClientError
        If the execution cannot be started.
    """
    manifest = BatchLayout(target.outputs.ResultsBucket, found.batch).manifest
    given = {**found.given, "batch": found.batch, "manifest": str(manifest)}
    given.pop("prefix", None)
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


def _is_there(s3: "S3Client", uri: S3Uri) -> bool:
    found = s3.list_objects_v2(Bucket=uri.bucket, Prefix=uri.key, MaxKeys=1)
    return any(item["Key"] == uri.key for item in found.get("Contents", []))
