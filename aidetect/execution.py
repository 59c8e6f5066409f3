"""Scoring executions: those that took up our images, and how they stand."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from detector.json_text import read_json
from detector.layout import BatchLayout
from detector.manifest import read_lines
from detector.purpose import Purpose
from detector.summary import BatchSummary

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

RUNNING = "RUNNING"
# An execution that goes on with a batch has the batch's name and the time: aidetect/unclosed.py.
_AGAIN = re.compile(r"(?P<batch>.+)-again-\d{12}")


def batch_of(execution: str) -> str:
    """Return the batch that an execution of this name scores."""
    again = _AGAIN.fullmatch(execution)
    return again["batch"] if again else execution


@dataclass(frozen=True)
class Execution:
    """One execution of the ``scoring`` state machine, and its batch."""

    arn: str
    batch: str
    status: str

    @property
    def ended(self) -> bool:
        """Whether it has come to an end, good or bad."""
        return self.status != RUNNING


def started_since(sfn: "SFNClient", machine: str, since: datetime) -> Iterator[Execution]:
    """Yield the executions that began at or after a moment, newest first."""
    pages = sfn.get_paginator("list_executions").paginate(
        stateMachineArn=machine, PaginationConfig={"PageSize": 100}
    )
    for page in pages:
        for item in page["executions"]:
            if item["startDate"] < since:
                return
            yield Execution(item["executionArn"], batch_of(item["name"]), item["status"])


def describe(sfn: "SFNClient", arn: str) -> tuple[Execution, str]:
    """Return an execution and, when it failed, why."""
    found = sfn.describe_execution(executionArn=arn)
    return Execution(arn, batch_of(found["name"]), found["status"]), why_ended(found)


def given_to(found: "DescribeExecutionOutputTypeDef") -> dict[str, Any]:
    """Return what an execution was started with; nothing where nobody can read it."""
    try:
        given = read_json(found.get("input", "{}"))
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def is_live(given: Mapping[str, Any]) -> bool:
    """Tell a batch of somebody's images from one of the watch over the detector, by its input.

    A shadow has the same manifest as the batch that it follows, so nothing else tells them apart.
    """
    return bool(given.get("purpose", Purpose.LIVE.value) == Purpose.LIVE.value)


def why_ended(found: "DescribeExecutionOutputTypeDef") -> str:
    """Return why an execution failed; empty where it says nothing."""
    return ": ".join(p for p in (found.get("error"), found.get("cause")) if p)


def keys_below(s3: "S3Client", bucket: str, batch: str, prefix: str) -> frozenset[str] | None:
    """Return those keys of a batch's manifest that lie below a prefix.

    None while there is no manifest: a backfill writes its own when it has listed its prefix.
    """
    uri = BatchLayout(bucket, batch).manifest
    try:
        body = s3.get_object(Bucket=uri.bucket, Key=uri.key)["Body"]
    except s3.exceptions.NoSuchKey:
        return None
    return frozenset(
        entry.key
        for entry in read_lines(body.iter_lines(), where=str(uri))
        if entry.key.startswith(prefix)
    )


def summary(s3: "S3Client", bucket: str, batch: str) -> BatchSummary | None:
    """Return the summary of a batch, or None while there is none."""
    uri = BatchLayout(bucket, batch).summary
    try:
        body = s3.get_object(Bucket=uri.bucket, Key=uri.key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
    return BatchSummary.parse(body, where=str(uri))
