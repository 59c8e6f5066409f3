"""A stack in memory with batches that have ended, for tests of reviewing."""

import json
from typing import TYPE_CHECKING, Any

import boto3

from aidetect.outputs import StackOutputs
from aidetect.target import Target
from detector.layout import BatchLayout
from detector.summary import BatchSummary, Counts, Status
from detector.verdict import Verdict
from tests.unit.aidetect.conftest import BUCKET, a_row, put_rows

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

INTAKE, TRAINING = "intake", "training"
DAY = "2026-11-26"
ACCOUNT = "123456789012"


def make_target(s3: "S3Client") -> Target:
    """Return a stack whose buckets and state machine moto plays."""
    s3.create_bucket(Bucket=TRAINING)
    sfn = boto3.client("stepfunctions", region_name="us-east-1")
    machine = sfn.create_state_machine(
        name="scoring",
        definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}),
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/scoring",
    )
    names = dict.fromkeys(StackOutputs.model_fields, "x")
    names |= {"IntakeBucket": INTAKE, "ResultsBucket": BUCKET, "TrainingBucket": TRAINING}
    names |= {"ScoringStateMachineArn": machine["stateMachineArn"]}
    region: Any = {"region_name": "us-east-1"}
    return Target(
        label="test",
        outputs=StackOutputs.model_validate(names),
        s3=s3,
        sfn=sfn,
        ssm=boto3.client("ssm", **region),
        sqs=boto3.client("sqs", **region),
        is_local=True,
        session=boto3.Session(**region),
    )


def put_batch(
    target: Target, batch: str, *, day: str = DAY, ended: bool = True, page: str | None = None
) -> BatchLayout:
    """Write a batch of one row; its summary where it has ended, its report where there is one."""
    layout = BatchLayout(BUCKET, batch, day)
    put_rows(target.s3, layout, "000000000", [a_row("intake/a.jpg")])
    if ended:
        summary = BatchSummary(
            batch=batch,
            status=Status.COMPLETE,
            lane="express",
            counts=Counts(rows=1, verdicts={Verdict.AI: 1}),
            detector="probe@1",
            run_date=day,
            started_at=f"{day}T10:00:00Z",
            finished_at=f"{day}T10:00:05Z",
            seconds=5,
            shards=1,
            manifest=str(layout.manifest),
            results=str(layout.results),
        )
        target.s3.put_object(Bucket=BUCKET, Key=layout.summary.key, Body=summary.dumps().encode())
    if page is not None:
        target.s3.put_object(Bucket=BUCKET, Key=layout.report.key, Body=page.encode())
    return layout
