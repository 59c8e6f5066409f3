"""Takes up what was under way when an emulator ended: executions and messages end with it."""

import itertools
import json
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from detector.layout import BATCHES_PREFIX, INTAKE_PREFIX, BatchLayout
from detector.manifest import read_lines
from detector.purpose import Purpose
from detector.stored_plan import load_plan

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

# A message holds 256 KiB at most, and a record of a long key may have two of them.
RECORDS = 50


Control = Mapping[str, Collection[str]]


def control_objects(s3: "S3Client", bucket: str) -> Control:
    """Return the names of the control objects of each batch."""
    found: dict[str, set[str]] = {}
    for item in _objects(s3, bucket, BATCHES_PREFIX):
        batch, _, name = item["Key"].removeprefix(BATCHES_PREFIX).partition("/")
        found.setdefault(batch, set()).add(name)
    return found


def resume_batches(
    control: Control, *, s3: "S3Client", states: "SFNClient", bucket: str, machine: str
) -> int:
    """Start the execution of each live batch that has a manifest and no summary.

    Returns
    -------
    int
        How many were started.
    """
    count = 0
    for batch, names in control.items():
        layout = BatchLayout(bucket, batch)
        if "manifest.jsonl" not in names or "summary.json" in names:
            continue
        if "plan.json" in names and load_plan(s3, layout.plan).purpose is not Purpose.LIVE:
            continue
        given = {"batch": batch, "manifest": str(layout.manifest)}
        states.start_execution(stateMachineArn=machine, name=batch, input=json.dumps(given))
        count += 1
    return count


def announce_uploads(
    control: Control, *, s3: "S3Client", sqs: "SQSClient", intake: str, results: str
) -> int:
    """Announce the uploads that stand in no manifest, as the bucket would.

    Returns
    -------
    int
        How many there are.
    """
    found = s3.get_bucket_notification_configuration(Bucket=intake).get("QueueConfigurations", [])
    waiting = {item["Key"]: item for item in _objects(s3, intake, INTAKE_PREFIX)}
    if not found or not waiting:
        return 0
    for batch, names in control.items():
        if "manifest.jsonl" in names:
            uri = BatchLayout(results, batch).manifest
            body = s3.get_object(Bucket=uri.bucket, Key=uri.key)["Body"]
            for entry in read_lines(body.iter_lines(), where=str(uri)):
                if entry.bucket == intake:
                    waiting.pop(entry.key, None)
    url = sqs.get_queue_url(QueueName=found[0]["QueueArn"].rsplit(":", 1)[-1])["QueueUrl"]
    left = iter(waiting.values())
    while some := list(itertools.islice(left, RECORDS)):
        body_text = json.dumps({"Records": [_record(intake, item) for item in some]})
        sqs.send_message(QueueUrl=url, MessageBody=body_text)
    return len(waiting)


def _objects(s3: "S3Client", bucket: str, prefix: str) -> Iterator[Mapping[str, Any]]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        yield from page.get("Contents", [])


def _record(bucket: str, item: Mapping[str, Any]) -> dict[str, Any]:
    """Tell of an object as S3 does.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    told = {
        "key": quote_plus(item["Key"]),
        "size": item["Size"],
        "eTag": item["ETag"].strip('"'),
    }
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": told},
    }
