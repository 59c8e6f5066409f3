"""``ApproximateAgeOfOldestMessage``, the one metric of queues that LocalStack lacks.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from localstack.aws.connect import connect_to
from localstack.services.sqs.models import sqs_stores
from localstack.services.sqs.provider import CloudwatchPublishWorker


def ages(queue: Any, now: float) -> float:
    """Return the age in seconds of a queue's oldest message that nobody has deleted."""
    held = [*list(queue.visible.queue), *list(queue.inflight), *list(queue.delayed)]
    sent = [message.created for message in held if not message.deleted]
    return max((now - when for when in sent), default=0.0)


def _publishing(original: Callable[[Any], None]) -> Callable[[Any], None]:
    def publish(worker: Any) -> None:
        original(worker)
        now = datetime.now(UTC)
        for account, region, store in sqs_stores.iter_stores():
            data = [
                {
                    "MetricName": "ApproximateAgeOfOldestMessage",
                    "Value": ages(queue, time.time()),
                    "Unit": "Seconds",
                    "Timestamp": now,
                    "Dimensions": [{"Name": "QueueName", "Value": queue.name}],
                }
                for queue in list(store.queues.values())
            ]
            if data:
                client = connect_to(region_name=region, aws_access_key_id=account).cloudwatch
                client.put_metric_data(Namespace="AWS/SQS", MetricData=data)

    return publish


def install() -> None:
    """Publish it with the others, once a minute."""
    name = "publish_approximate_cloudwatch_metrics"
    setattr(CloudwatchPublishWorker, name, _publishing(getattr(CloudwatchPublishWorker, name)))
