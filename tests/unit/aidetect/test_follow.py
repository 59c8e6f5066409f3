"""Following a drop to its end, on moto's Step Functions and S3."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.stub import Stubber

from aidetect.clock import server_time
from aidetect.execution import Execution, describe, summary
from aidetect.follow import DropFollower, FollowTimeoutError, Progress, poll_batch, wait
from aidetect.outputs import OutputsError, StackOutputs
from aidetect.start import StartError, start_prefix
from aidetect.target import Target
from detector.layout import BatchLayout
from detector.manifest import ManifestEntry, write_lines
from detector.summary import BatchSummary
from detector.uri import S3Uri
from tests.unit.aidetect.conftest import BUCKET
from tests.unit.detector.documents import DOCUMENTS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "intake/mine/"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


def outputs(machine: str) -> StackOutputs:
    names = dict.fromkeys(StackOutputs.model_fields, "x")
    names |= {"ResultsBucket": BUCKET, "ScoringStateMachineArn": machine}
    return StackOutputs.model_validate(names)


@dataclass
class Scene:
    target: Target

    def batch(self, name: str, keys: list[str], **given: str) -> str:
        entries = [ManifestEntry(bucket="intake", key=key) for key in keys]
        uri = BatchLayout(BUCKET, name).manifest
        body = "".join(write_lines(entries)).encode()
        self.target.s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=body)
        machine = self.target.outputs.ScoringStateMachineArn
        started = self.target.sfn.start_execution(
            stateMachineArn=machine, name=name, input=json.dumps(given)
        )
        return started["executionArn"]

    def end(self, arn: str) -> None:
        self.target.sfn.stop_execution(executionArn=arn)


@pytest.fixture
def scene(s3: "S3Client") -> Scene:
    sfn = boto3.client("stepfunctions", region_name="us-east-1")
    role = "arn:aws:iam::123456789012:role/r"
    machine = sfn.create_state_machine(name="s", definition=json.dumps(PASS), roleArn=role)
    return Scene(
        Target(
            label="test",
            outputs=outputs(machine["stateMachineArn"]),
            s3=s3,
            sfn=sfn,
            ssm=boto3.client("ssm", region_name="us-east-1"),
            sqs=boto3.client("sqs", region_name="us-east-1"),
        )
    )


def test_a_drop_split_over_batches_of_mixed_owners(scene: Scene) -> None:
    keys = frozenset({PREFIX + "a", PREFIX + "b"})
    follower = DropFollower(scene.target, PREFIX, keys, LONG_AGO)
    assert follower.poll() == Progress(expected=2)
    first = scene.batch("one", [PREFIX + "a", "intake/other/z"])
    scene.batch("foreign", ["intake/other/y"])
    progress = follower.poll()
    assert (progress.taken_up, progress.scored, progress.done) == (1, 0, False)
    assert [e.batch for e in progress.batches] == ["one"]
    scene.end(first)
    second = scene.batch("two", [PREFIX + "b"])
    progress = follower.poll()
    assert (progress.taken_up, progress.scored, progress.done) == (2, 1, False)
    scene.end(second)
    assert follower.poll().done


def test_the_shadow_of_a_batch_is_nobodys(scene: Scene) -> None:
    """It has the batch's own manifest: rows would be shown twice, once by another detector."""
    follower = DropFollower(scene.target, PREFIX, frozenset({PREFIX + "a"}), LONG_AGO)
    for purpose in ("live", "shadow", "golden"):
        scene.end(scene.batch(purpose, [PREFIX + "a"], purpose=purpose))
    assert [e.batch for e in follower.poll().batches] == ["live"]


def test_a_batch_without_manifest_is_looked_at_again(scene: Scene) -> None:
    machine = scene.target.outputs.ScoringStateMachineArn
    started = scene.target.sfn.start_execution(stateMachineArn=machine, name="planning")
    follower = DropFollower(scene.target, PREFIX, frozenset({PREFIX + "a"}), LONG_AGO)
    assert follower.poll().taken_up == 0
    uri = BatchLayout(BUCKET, "planning").manifest
    lines = write_lines([ManifestEntry(bucket="intake", key=PREFIX + "a")])
    scene.target.s3.put_object(Bucket=uri.bucket, Key=uri.key, Body="".join(lines).encode())
    assert follower.poll().taken_up == 1
    scene.end(started["executionArn"])
    assert follower.poll().done


def test_an_execution_that_never_had_a_manifest_is_not_ours(scene: Scene) -> None:
    machine = scene.target.outputs.ScoringStateMachineArn
    started = scene.target.sfn.start_execution(stateMachineArn=machine, name="failed")
    scene.end(started["executionArn"])
    follower = DropFollower(scene.target, PREFIX, frozenset({PREFIX + "a"}), LONG_AGO)
    assert follower.poll().batches == ()


def test_the_stack_tells_the_time(scene: Scene) -> None:
    s3 = scene.target.s3
    told = {"ResponseMetadata": {"HTTPHeaders": {"date": "Mon, 23 Nov 2020 10:11:12 GMT"}}}
    with Stubber(s3) as stub:
        stub.add_response("head_bucket", told)
        assert server_time(s3, BUCKET) == datetime(2020, 11, 23, 10, 11, 12, tzinfo=UTC)
    assert abs(server_time(s3, BUCKET) - datetime.now(UTC)) < timedelta(minutes=1)


def test_executions_from_before_the_drop_are_not_read(scene: Scene) -> None:
    scene.batch("old", [PREFIX + "a"])
    later = datetime.now(UTC) + timedelta(hours=1)
    follower = DropFollower(scene.target, PREFIX, frozenset({PREFIX + "a"}), later)
    assert follower.poll().taken_up == 0


def test_one_batch_by_its_arn(scene: Scene) -> None:
    arn = start_prefix(scene.target, S3Uri("intake", "p/"), datetime.now(UTC))
    poll = poll_batch(scene.target, arn)
    assert not poll().done
    scene.end(arn)
    assert poll().done
    execution, _ = describe(scene.target.sfn, arn)
    assert execution.batch.startswith("prefix-")
    assert scene.target.outputs.execution_arn(execution.batch) == arn


def test_a_start_that_is_refused(scene: Scene) -> None:
    gone = outputs("arn:aws:states:us-east-1:123456789012:stateMachine:none")
    target = replace(scene.target, outputs=gone)
    with pytest.raises(StartError, match="s3://intake/p/ was not started"):
        start_prefix(target, S3Uri("intake", "p/"), datetime.now(UTC))


def sequence(*steps: Progress) -> Callable[[], Progress]:
    iterator = iter(steps)
    return lambda: next(iterator)


def test_wait_shows_every_step() -> None:
    running = Execution("arn", "b", "RUNNING")
    ended = Execution("arn", "b", "SUCCEEDED")
    steps = [Progress(1), Progress(1, 1, 0, (running,)), Progress(1, 1, 1, (ended,))]
    shown: list[Progress] = []
    last = wait(sequence(*steps), timeout=60, show=shown.append, sleep=lambda _: None)
    assert shown == steps
    assert last is steps[-1]


def test_wait_gives_up_and_says_so() -> None:
    with pytest.raises(FollowTimeoutError, match="0 of 3 images are taken up"):
        wait(sequence(Progress(3), Progress(3)), timeout=0, sleep=lambda _: None)


def test_summary_comes_last(scene: Scene) -> None:
    assert summary(scene.target.s3, BUCKET, "b1") is None
    document = DOCUMENTS["summary"]
    assert isinstance(document, BatchSummary)
    uri = BatchLayout(BUCKET, "b1").summary
    scene.target.s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=document.dumps())
    assert summary(scene.target.s3, BUCKET, "b1") == document


def test_outputs_of_another_stack_are_refused() -> None:
    with pytest.raises(OutputsError, match="no output IntakeBucket"):
        StackOutputs.of([{"OutputKey": "ResultsBucket", "OutputValue": "r"}])
