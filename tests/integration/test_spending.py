"""The hard limit on a running stack: dollars beyond it stop the fleets, and nothing is lost."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from aidetect.costs.fleets import ENABLED, stopped, turn
from aidetect.main import app
from aidetect.source import gather
from aidetect.upload import upload
from detector.costs.ledger import CostLedger
from detector.layout import BatchLayout
from detector.plan import Lane
from detector.uri import S3Uri
from tests.integration.photographs import write_photographs
from tests.integration.stack import Stack, eventually

if TYPE_CHECKING:
    from mypy_boto3_batch.literals import JobStatusType

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

PREFIX = "held/spending/"
BATCH = "spending"
IMAGES = 4


def limit(stack: Stack) -> dict[str, Any]:
    cloudwatch = stack.target.client("cloudwatch")
    alarms = cloudwatch.describe_alarms(AlarmNamePrefix=f"{stack.target.stack}-")["MetricAlarms"]
    (found,) = [a for a in alarms if "SpendingLimitAlarm" in a["AlarmName"]]
    return dict(found)


def is_at(stack: Stack, status: "JobStatusType") -> bool | None:
    """Tell when the job of the batch is at a status."""
    queue = stack.target.outputs.JobQueueArn
    found = stack.batch.list_jobs(jobQueue=queue, jobStatus=status)["jobSummaryList"]
    return any(job["jobName"] == f"score-{BATCH}" for job in found) or None


def start(stack: Stack, batch: str) -> str:
    where = str(S3Uri(stack.target.outputs.IntakeBucket, PREFIX))
    return stack.start({"prefix": where, "lane": Lane.BATCH.value}, batch)


def spend_until_stopped(stack: Stack, alarm: dict[str, Any]) -> None:
    """Have the metric say what it would of batches that cost more than the limit."""

    def spend() -> bool | None:
        stack.target.client("cloudwatch").put_metric_data(
            Namespace=alarm["Namespace"],
            MetricData=[
                {
                    "MetricName": alarm["MetricName"],
                    "Dimensions": alarm["Dimensions"],
                    "Timestamp": datetime.now(UTC),
                    "Value": alarm["Threshold"] + 1,
                }
            ],
        )
        time.sleep(1)
        return stopped(stack.target) or None

    eventually(spend, seconds=120, what="stopped fleets")


def test_dollars_beyond_the_limit_stop_the_fleets_and_nothing_is_lost(
    stack: Stack, tmp_path: Path
) -> None:
    write_photographs(tmp_path / "images", IMAGES)
    target = stack.target
    upload(target.s3, target.outputs.IntakeBucket, gather(tmp_path / "images", PREFIX))
    assert stopped(target) is False
    alarm = limit(stack)
    assert target.outputs.SpendingTopicArn in alarm["AlarmActions"]
    try:
        spend_until_stopped(stack, alarm)
        assert limit(stack)["StateValue"] == "ALARM"

        told = json.loads(run("status", "--json"))
        assert told["spending_stopped"] is True
        assert any("aidetect costs resume" in line for line in told["advice"])

        execution = start(stack, BATCH)
        eventually(lambda: is_at(stack, "RUNNABLE"), what="a job that waits")
        time.sleep(2)  # Had it been let in, it would run by now.
        assert is_at(stack, "RUNNABLE")

        run("costs", "resume")
        eventually(lambda: is_at(stack, "RUNNING"), what="a job that runs")
        # What runs when the limit is reached goes on to its end.
        run("costs", "stop")
        ended, why = stack.end(execution)
        assert ended.status == "SUCCEEDED", why
        assert stopped(target) is True
    finally:
        turn(target, ENABLED)
    rows = stack.rows(BATCH)
    assert len({row["image"] for row in rows}) == len(rows) == IMAGES
    assert {row["lane"] for row in rows} == {"batch"}
    kept(stack, BATCH)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def kept(stack: Stack, batch: str) -> None:
    """The batch has its cost on record beside its results."""
    bucket, day = stack.target.outputs.ResultsBucket, stack.summary(batch).run_date
    where = BatchLayout(bucket, batch, day).costs
    body = stack.target.s3.get_object(Bucket=bucket, Key=where.key)["Body"].read()
    ledger = CostLedger.parse(body, where=str(where))
    assert (ledger.images, ledger.lane) == (IMAGES, "batch")
    assert ledger.gpu_seconds > 0
    assert ledger.dollars > 0
