"""What waits: upload events in the queues, jobs in the job queues."""

from datetime import datetime, timedelta
from typing import Any

from aidetect.explanation import is_denied
from aidetect.status.document import Arrivals, Jobs
from aidetect.target import Target

WAITING = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING")
RUNNING = "RUNNING"
# One page of jobs of one status; AWS describes as many at a time.
MOST_JOBS = 100
# CloudWatch tells a queue's figures each minute, some minutes late.
AGE_WINDOW = timedelta(minutes=15)


def _depth(target: Target, url: str) -> tuple[int, int]:
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = target.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return int(found[names[0]]), int(found[names[1]])


def arrivals(target: Target, now: datetime) -> Arrivals:
    """Return how many upload events wait, and since when."""
    url = target.outputs.ArrivalsQueueUrl
    waiting, in_flight = _depth(target, url)
    age = _oldest(target, url.rsplit("/", 1)[-1], now) if waiting else None
    return Arrivals(waiting=waiting, in_flight=in_flight, oldest_seconds=age)


def _oldest(target: Target, queue: str, now: datetime) -> float | None:
    """Return the age of the oldest message in seconds; None where CloudWatch does not say."""
    try:
        points = target.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SQS",
            MetricName="ApproximateAgeOfOldestMessage",
            Dimensions=[{"Name": "QueueName", "Value": queue}],
            StartTime=now - AGE_WINDOW,
            EndTime=now,
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
    except Exception as error:
        if is_denied(error):
            return None  # the depth is told all the same
        raise
    newest = max(points, key=lambda point: point["Timestamp"], default=None)
    return None if newest is None else float(newest["Maximum"])


def dead(target: Target) -> int:
    """Return how many upload events were given up."""
    return sum(_depth(target, target.outputs.ArrivalsDlqUrl))


def jobs(target: Target) -> Jobs:
    """Return how many jobs wait and run in the stack's two job queues."""
    batch = target.client("batch")
    queues = [target.outputs.JobQueueArn, target.outputs.CpuJobQueueArn]
    told = Jobs()
    for queue in filter(None, queues):
        for status in (*WAITING, RUNNING):
            page = batch.list_jobs(jobQueue=queue, jobStatus=status, maxResults=MOST_JOBS)
            told = _added(told, batch, page, status)
    return told


def _added(told: Jobs, batch: Any, page: Any, status: str) -> Jobs:
    found = page["jobSummaryList"]
    parents = [job["jobId"] for job in found if job.get("arrayProperties", {}).get("size")]
    single = len(found) - len(parents)
    waiting, running = (0, single) if status == RUNNING else (single, 0)
    for children in _children(batch, parents):
        running += children.get(RUNNING, 0)
        waiting += sum(children.get(name, 0) for name in WAITING)
    return Jobs(
        waiting=told.waiting + waiting,
        running=told.running + running,
        more=told.more or bool(page.get("nextToken")),
    )


def _children(batch: Any, parents: list[str]) -> list[dict[str, int]]:
    """Return for each array job how many of its children are in which status."""
    if not parents:
        return []
    described = batch.describe_jobs(jobs=parents)["jobs"]
    return [job.get("arrayProperties", {}).get("statusSummary", {}) for job in described]
