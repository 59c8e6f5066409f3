"""What the alarms of a stack told, from the moment it was deployed."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.integration.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

QUEUE = "told-by-alarms"
# All that was heard in this process, (alarm, state) each, in order.
TOLD: list[tuple[str, str]] = []


def _sqs(stack: Stack) -> "SQSClient":
    client: SQSClient = stack.session.client("sqs", endpoint_url=stack.endpoint)
    return client


def listen(stack: Stack) -> None:
    """Subscribe a queue to the topic of the alarms, as somebody on call would a phone."""
    sqs = _sqs(stack)
    url = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    topic = stack.target.outputs.AlarmTopicArn
    stack.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])


def heard(stack: Stack) -> Iterator[tuple[str, str]]:
    """Yield (alarm, state) of what was told since this was last asked, in order, until silence."""
    sqs = _sqs(stack)
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            words = json.loads(message["Body"])["Message"]
            # What stopped spending says so here too, in words.
            if words.startswith("{"):
                told = json.loads(words)
                TOLD.append((told["AlarmName"], told["NewStateValue"]))
                yield TOLD[-1]
