"""Every alarm: into ALARM by what it is there for, somebody is told, and back to OK.

The last tests of the session: most alarms have gone off by then, since other tests kill jobs, send
poison and drop what is no image. What has not is brought about here.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aidetect.costs.fleets import ENABLED, turn
from aidetect.source import gather
from aidetect.upload import upload
from detector.plan import Lane
from tests.integration import alarms
from tests.integration.photographs import write_photographs
from tests.integration.stack import Stack, eventually
from tests.integration.test_kill import processes
from tests.integration.test_spending import limit, spend_until_stopped

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

pytestmark = pytest.mark.integration

PHOTOGRAPHS = 24
# Alarms on the detector, and where they are brought about.
OF_THE_DETECTOR = (
    "test_accuracy_watch",
    {"GoldenAccuracyAlarm", "DriftAlarm", "LiveAccuracyAlarm"},
)


class Watch:
    """What was heard of each alarm so far."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.cloudwatch: CloudWatchClient = stack.session.client(
            "cloudwatch", endpoint_url=stack.endpoint
        )
        # By logical name, which the physical one holds.
        found = self.cloudwatch.describe_alarms()["MetricAlarms"]
        self.names = {alarm["AlarmName"]: self._logical(alarm["AlarmName"]) for alarm in found}
        self.states: dict[str, list[str]] = {}
        self.listen()

    @staticmethod
    def _logical(name: str) -> str:
        return next(part for part in name.split("-") if part.endswith("Alarm"))

    def listen(self) -> None:
        for _ in alarms.heard(self.stack):
            pass
        self.states = {name: [] for name in self.names.values()}
        for name, state in alarms.TOLD:
            self.states[self.names[name]].append(state)

    def went_off(self, name: str) -> bool:
        self.listen()
        return "ALARM" in self.states[name]

    def ended(self, name: str) -> bool:
        self.listen()
        states = self.states[name]
        return "ALARM" in states and "OK" in states[states.index("ALARM") :]


@pytest.fixture(scope="module")
def watch(stack: Stack) -> Watch:
    return Watch(stack)


def brought_about(watch: Watch, name: str, do: Callable[[], object]) -> None:
    """Do what sets an alarm off, until it goes off, unless it went off before."""
    end = time.monotonic() + 120
    while not watch.went_off(name):
        assert time.monotonic() < end, f"{name} did not go off"
        do()
        time.sleep(1)


def test_poison_is_told_while_it_is_tried_and_when_it_is_given_up(
    stack: Stack, watch: Watch
) -> None:
    outputs = stack.target.outputs
    sqs = stack.session.client("sqs", endpoint_url=stack.endpoint)
    if not watch.went_off("WaitingAlarm"):
        sqs.send_message(QueueUrl=outputs.ArrivalsQueueUrl, MessageBody="{not an event")
        eventually(lambda: watch.went_off("WaitingAlarm") or None, what="WaitingAlarm")
        sqs.purge_queue(QueueUrl=outputs.ArrivalsQueueUrl)
    # Five tries take minutes: test_drop waits for them, and this does not where it runs alone.
    if not watch.went_off("PoisonAlarm"):
        sqs.send_message(QueueUrl=outputs.ArrivalsDlqUrl, MessageBody="{not an event")
        eventually(lambda: watch.went_off("PoisonAlarm") or None, what="PoisonAlarm")


def test_failures_are_told(stack: Stack, watch: Watch) -> None:
    bucket = stack.target.outputs.IntakeBucket
    empty = {"prefix": f"s3://{bucket}/held/nothing-here/"}
    training = stack.target.outputs.TrainingStateMachineArn
    brought_about(
        watch,
        "ScoringFailedAlarm",
        lambda: stack.end(stack.start(empty, f"watch-empty-{time.time_ns()}")),
    )
    brought_about(
        watch,
        "TrainingFailedAlarm",
        lambda: stack.target.sfn.start_execution(stateMachineArn=training, input="{}"),
    )


def test_a_job_that_always_dies_is_told(stack: Stack, watch: Watch, tmp_path: Path) -> None:
    if watch.went_off("ShardsFailedAlarm"):
        return
    write_photographs(tmp_path / "images", 2)
    bucket = stack.target.outputs.IntakeBucket
    upload(stack.target.s3, bucket, gather(tmp_path / "images", "held/dies/"))
    prefix = {"prefix": f"s3://{bucket}/held/dies/", "lane": Lane.BATCH.value}
    arn = stack.start(prefix, "watch-dies")

    def ended() -> bool | None:
        for process in processes("batch_inference", "--plan", "watch-dies"):
            process.kill()
        return stack.target.sfn.describe_execution(executionArn=arn)["status"] != "RUNNING" or None

    eventually(ended, seconds=240, what="a batch whose job dies")
    brought_about(watch, "ShardsFailedAlarm", lambda: None)


def test_what_is_no_image_and_what_nobody_can_tell_are_told(
    stack: Stack, watch: Watch, tmp_path: Path
) -> None:
    bucket = stack.target.outputs.IntakeBucket
    write_photographs(tmp_path / "images", PHOTOGRAPHS, seed=11)
    upload(stack.target.s3, bucket, gather(tmp_path / "images", "held/unsure/"))
    stack.put("held/garbage/a.jpg", b"no image")
    functions, pulse = stack.functions, stack.function("Pulse")

    def score(prefix: str) -> None:
        began = time.monotonic()
        arn = stack.start({"prefix": f"s3://{bucket}/{prefix}"}, f"watch-{time.time_ns()}")
        while stack.target.sfn.describe_execution(executionArn=arn)["status"] == "RUNNING":
            if time.monotonic() - began > 1.5:
                functions.invoke(FunctionName=pulse)
            time.sleep(0.5)

    brought_about(watch, "UnsureShareAlarm", lambda: score("held/unsure/"))
    brought_about(watch, "StuckAlarm", lambda: score("held/unsure/"))
    brought_about(watch, "ErrorShareAlarm", lambda: score("held/garbage/"))


def test_a_watch_that_is_blind_is_told(stack: Stack, watch: Watch) -> None:
    functions, pulse = stack.functions, stack.function("Pulse")
    kept = functions.get_function_configuration(FunctionName=pulse)["Environment"]["Variables"]
    broken = {**kept, "STATE_MACHINE_ARN": "arn:aws:states:us-east-1:000000000000:stateMachine:no"}
    functions.update_function_configuration(FunctionName=pulse, Environment={"Variables": broken})
    try:
        brought_about(watch, "PulseAlarm", lambda: functions.invoke(FunctionName=pulse))
    finally:
        functions.update_function_configuration(FunctionName=pulse, Environment={"Variables": kept})
    functions.get_waiter("function_updated_v2").wait(FunctionName=pulse)
    answer = functions.invoke(FunctionName=pulse)
    assert "FunctionError" not in answer, json.load(answer["Payload"])


def test_dollars_are_told(stack: Stack, watch: Watch) -> None:
    # Every batch costs something, and these two have gone off at the first.
    for name in ("DollarsPerDayAlarm", "DollarsPerThousandAlarm"):
        assert watch.went_off(name), name
    if not watch.went_off("SpendingLimitAlarm"):
        spend_until_stopped(stack, limit(stack))
        turn(stack.target, ENABLED)


def test_every_alarm_went_off_and_ended(
    stack: Stack, watch: Watch, request: pytest.FixtureRequest
) -> None:
    sqs = stack.session.client("sqs", endpoint_url=stack.endpoint)
    sqs.purge_queue(QueueUrl=stack.target.outputs.ArrivalsDlqUrl)
    names = set(watch.names.values())
    assert len(names) >= 15
    # Where this file is run alone, what only the other brings about is left out.
    if not any(OF_THE_DETECTOR[0] in item.nodeid for item in request.session.items):
        names -= OF_THE_DETECTOR[1]

    def all_ended() -> bool | None:
        return all(watch.ended(name) for name in names) or None

    try:
        eventually(all_ended, seconds=120)
    except AssertionError:
        pytest.fail(f"{ {name: watch.states[name] for name in names if not watch.ended(name)} }")
