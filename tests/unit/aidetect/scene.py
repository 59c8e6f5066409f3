"""A target on moto: empty state machines, queues and buckets, as a deployed stack has them."""

import json
from typing import TYPE_CHECKING

import boto3

from aidetect.outputs import StackOutputs
from aidetect.target import Target
from tests.unit.aidetect.conftest import BUCKET

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/r"
WAIT = {"StartAt": "Plan", "States": {"Plan": {"Type": "Wait", "Seconds": 900, "End": True}}}


def a_target(s3: "S3Client") -> Target:
    """Build what ``aidetect.resolve`` would, of services that moto plays."""
    sfn = boto3.client("stepfunctions", region_name=REGION)
    sqs = boto3.client("sqs", region_name=REGION)
    s3.create_bucket(Bucket="training")
    s3.create_bucket(Bucket="models")
    machines = {
        name: sfn.create_state_machine(name=name, definition=json.dumps(WAIT), roleArn=ROLE)
        for name in ("scoring", "training")
    }
    queues = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("arrivals", "dlq")}
    known = {
        "IntakeBucket": "intake",
        "ResultsBucket": BUCKET,
        "TrainingBucket": "training",
        "ModelsBucket": "models",
        "ScoringStateMachineArn": machines["scoring"]["stateMachineArn"],
        "TrainingStateMachineArn": machines["training"]["stateMachineArn"],
        "ArrivalsQueueUrl": queues["arrivals"],
        "ArrivalsDlqUrl": queues["dlq"],
        "ChampionParameter": "/aidetect/champion",
    }
    names = dict.fromkeys(StackOutputs.model_fields, "x")
    return Target(
        label="stack of the tests",
        outputs=StackOutputs.model_validate(names | known),
        s3=s3,
        sfn=sfn,
        ssm=boto3.client("ssm", region_name=REGION),
        sqs=sqs,
        session=boto3.Session(region_name=REGION),
    )
