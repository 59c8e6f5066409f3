import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from detector.layout import BatchLayout
from detector.manifest import ManifestEntry, write_lines
from detector.plan import BatchPlan, DetectorRef, Lane, Shard
from detector.purpose import Purpose
from functions.intake.notification import read
from local import resume

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

INTAKE, RESULTS = "intake-bucket", "results-bucket"
REGION = "us-east-1"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator["S3Client"]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        client = boto3.client("s3", region_name=REGION)
        for bucket in (INTAKE, RESULTS):
            client.create_bucket(Bucket=bucket)
        yield client


def put(s3: "S3Client", uri: Any, body: bytes = b"") -> None:
    s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=body)


def batch(s3: "S3Client", name: str, *keys: str, closed: bool, purpose: Purpose) -> None:
    layout = BatchLayout(RESULTS, name)
    entries = [ManifestEntry(bucket=INTAKE, key=key) for key in keys]
    put(s3, layout.manifest, "".join(write_lines(entries)).encode())
    plan = BatchPlan(
        batch=name, run_date="2026-11-26", started_at="2026-11-26T12:00:00+00:00", bucket=RESULTS,
        lane=Lane.EXPRESS, entries=len(keys), chunk_size=20, purpose=purpose,
        shards=(Shard(index=0, first=0, count=len(keys), offset=0, length=1),),
        detector=DetectorRef(bucket="models", name="clip", version="1"),
    )  # fmt: skip
    put(s3, layout.plan, plan.dumps().encode())
    if closed:
        put(s3, layout.summary, b"{}")


def test_batches_go_on_that_nobody_closed(s3: "S3Client") -> None:
    states = boto3.client("stepfunctions", region_name=REGION)
    machine = states.create_state_machine(
        name="s",
        definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}),
        roleArn="arn:aws:iam::123456789012:role/r",
    )["stateMachineArn"]
    batch(s3, "closed", "intake/a", closed=True, purpose=Purpose.LIVE)
    batch(s3, "left", "intake/b", closed=False, purpose=Purpose.LIVE)
    batch(s3, "shadow-1", "intake/a", closed=False, purpose=Purpose.SHADOW)
    put(s3, BatchLayout(RESULTS, "no-manifest").plan)
    unplanned = BatchLayout(RESULTS, "unplanned").manifest
    put(s3, unplanned, b"")
    control = resume.control_objects(s3, RESULTS)
    assert (
        resume.resume_batches(control, s3=s3, states=states, bucket=RESULTS, machine=machine) == 2
    )
    begun = states.list_executions(stateMachineArn=machine)["executions"]
    assert {e["name"] for e in begun} == {"left", "unplanned"}
    arn = next(e["executionArn"] for e in begun if e["name"] == "unplanned")
    given = json.loads(states.describe_execution(executionArn=arn)["input"])
    assert given == {"batch": "unplanned", "manifest": str(unplanned)}


def test_uploads_are_announced_that_no_batch_took_up(s3: "S3Client") -> None:
    sqs = boto3.client("sqs", region_name=REGION)
    url = sqs.create_queue(QueueName="arrivals")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    batch(s3, "closed", "intake/taken.jpg", closed=True, purpose=Purpose.LIVE)
    names = [f"intake/ü {n}+&.jpg" for n in range(resume.RECORDS + 1)]
    for name in ["intake/taken.jpg", "held/other.jpg", *names]:
        s3.put_object(Bucket=INTAKE, Key=name, Body=b"x")
    control = resume.control_objects(s3, RESULTS)
    announced = resume.announce_uploads(control, s3=s3, sqs=sqs, intake=INTAKE, results=RESULTS)
    assert announced == 0
    s3.put_bucket_notification_configuration(
        Bucket=INTAKE,
        NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": arn["QueueArn"], "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    sqs.purge_queue(QueueUrl=url)
    announced = resume.announce_uploads(control, s3=s3, sqs=sqs, intake=INTAKE, results=RESULTS)
    assert announced == len(names)
    told = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            told += read(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert sorted(entry.key for entry in told) == sorted(names)
    assert {(entry.bucket, entry.size) for entry in told} == {(INTAKE, 1)}
