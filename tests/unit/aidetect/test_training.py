"""Starting, watching and resuming a training run, on moto's Step Functions and S3."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.stub import Stubber
from rich.console import Console

from aidetect.target import Target
from aidetect.training_start import (
    TrainingStartError,
    new_run,
    read_settings,
    resume,
    start,
)
from aidetect.training_table import outcome_view, seconds, stage_line
from aidetect.training_upload import dataset_name
from aidetect.training_watch import WatchTimeoutError, look, watch
from detector.layout import RunLayout
from detector.training_request import RequestError, TrainingRequest
from detector.training_run import Outcome, Stage, StageFailure, StageRecord, TrainingCompleted
from tests.unit.aidetect.conftest import BUCKET
from tests.unit.aidetect.test_follow import outputs

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

NOW = datetime(2026, 11, 25, 4, 10, 23, tzinfo=UTC)
PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


@pytest.fixture
def target(s3: "S3Client") -> Target:
    sfn = boto3.client("stepfunctions", region_name="us-east-1")
    machine = sfn.create_state_machine(
        name="training",
        definition=json.dumps(PASS),
        roleArn="arn:aws:iam::123456789012:role/r",
    )["stateMachineArn"]
    told = outputs("x").model_copy(
        update={"TrainingBucket": BUCKET, "TrainingStateMachineArn": machine}
    )
    client = boto3.client
    return Target(
        label="moto",
        outputs=told,
        s3=s3,
        sfn=sfn,
        ssm=client("ssm", region_name="us-east-1"),
        sqs=client("sqs", region_name="us-east-1"),
    )


def put(target: Target, run: str, name: str, text: str) -> None:
    uri = RunLayout(BUCKET, run).root.join(name)
    target.s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=text.encode())


def record(stage: Stage) -> str:
    return StageRecord(
        run="r", stage=stage, finished_at="2026-11-25T04:10:23", seconds=61.4, said={"images": "9"}
    ).dumps()


def shown(view: object) -> str:
    console = Console(width=200, record=True, file=None, quiet=True)
    console.quiet = False
    with console.capture() as caught:
        console.print(view)
    return caught.get()


def test_a_run_is_started_with_what_was_asked(target: Target) -> None:
    run = new_run(NOW)
    assert run.startswith("train-20261125-041023-")
    request = TrainingRequest(dataset="s3://b/d/", settings=read_settings(["epochs=2"]))
    arn = start(target, run, request)
    said = json.loads(target.sfn.describe_execution(executionArn=arn)["input"])
    assert said == {"dataset": "s3://b/d/", "settings": {"epochs": 2.0}}
    with pytest.raises(TrainingStartError, match="was not started"):
        start(target, run, request.model_copy(update={"dataset": "s3://b/other/"}))


def test_settings_are_read_as_their_kind() -> None:
    found = read_settings(["epochs=0.5", "degrade=false", "precision=bf16", "strengths=[0.01]"])
    assert (found.epochs, found.degrade, found.precision) == (0.5, False, "bf16")
    assert found.strengths == (0.01,)


@pytest.mark.parametrize(
    ("pair", "says"),
    [
        ("epochs", "name=value"),
        ("epoch=2", "Settings are: seed, epochs"),
        ("epochs=-1", "greater than 0"),
        ("precision=fp8", "precision"),
    ],
)
def test_a_wrong_setting_is_explained(pair: str, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        read_settings([pair])


def test_a_run_is_seen_stage_by_stage(target: Target) -> None:
    arn = start(target, "r", TrainingRequest(dataset="s3://b/d/"))
    put(target, "r", "stages/prepare.json", record(Stage.PREPARE))
    progress = {"stage": "train", "what": "looking at images", "done": 3, "total": 9}
    put(target, "r", "stages/train-progress.json", json.dumps(progress))
    state = look(target, "r", arn)
    assert [r.stage for r in state.stages] == [Stage.PREPARE]
    assert state.doing is not None
    assert (state.doing.stage, state.doing.done, state.doing.total) == ("train", 3, 9)
    assert state.failure is None
    assert "1 min 1 s" in shown(stage_line(state.stages[0]))


def test_a_failure_is_told_in_its_own_words(target: Target) -> None:
    arn = start(target, "r", TrainingRequest(dataset="s3://b/d/"))
    failure = StageFailure(
        run="r", stage=Stage.PREPARE, failed_at="t", error="StageError", message="one class\x1b[31m"
    )
    put(target, "r", "stages/prepare-failed.json", failure.dumps())
    target.sfn.stop_execution(executionArn=arn)
    state = watch(target, "r", arn, timeout=5, show=lambda _state: None)
    text = shown(outcome_view(state, None))
    assert "prepare failed: one class" in text
    assert "\x1b[31m" not in text


def test_waiting_ends_and_says_how_to_look_again(target: Target) -> None:
    arn = start(target, "r", TrainingRequest(dataset="s3://b/d/"))
    with pytest.raises(WatchTimeoutError, match="aidetect train --watch r"):
        watch(target, "r", arn, timeout=0, show=lambda _state: None, sleep=lambda _s: None)


def test_resuming_redrives_the_execution(target: Target) -> None:
    put(target, "r", "run.json", "{}")
    arn = target.outputs.training_execution_arn("r")
    with Stubber(target.sfn) as stub:
        stub.add_response("redrive_execution", {"redriveDate": NOW}, {"executionArn": arn})
        assert resume(target, "r", NOW) == arn
        stub.assert_no_pending_responses()


@pytest.mark.parametrize("code", ["InternalFailure", "501", "ExecutionNotRedrivable"])
def test_where_nothing_can_be_redriven_a_new_execution_goes_on_with_the_run(
    target: Target, code: str
) -> None:
    put(target, "r", "run.json", "{}")
    asked = {
        "stateMachineArn": target.outputs.TrainingStateMachineArn,
        "name": "r-041023",
        "input": json.dumps({"run": "r"}),
    }
    with Stubber(target.sfn) as stub:
        stub.add_client_error("redrive_execution", code, http_status_code=500)
        stub.add_response("start_execution", {"executionArn": "arn", "startDate": NOW}, asked)
        assert resume(target, "r", NOW) == "arn"


def test_a_redrive_that_is_denied_is_told(target: Target) -> None:
    put(target, "r", "run.json", "{}")
    with Stubber(target.sfn) as stub:
        stub.add_client_error("redrive_execution", "AccessDeniedException")
        with pytest.raises(TrainingStartError, match="was not resumed"):
            resume(target, "r", NOW)


def test_a_run_that_never_was_is_not_resumed(target: Target) -> None:
    with pytest.raises(TrainingStartError, match="there is no run nothing"):
        resume(target, "nothing", NOW)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_the_end_is_told_in_plain_words(target: Target, outcome: Outcome) -> None:
    arn = start(target, "r", TrainingRequest(dataset="s3://b/d/"))
    completed = TrainingCompleted(
        run="r", outcome=outcome, challenger="new@1", champion="old@1",
        reasons=("real accuracy 0.80 is below the floor 0.90",), report="s3://b/runs/r/report.html",
    )  # fmt: skip
    text = shown(outcome_view(replace(look(target, "r", arn), completed=completed), None))
    assert f"new@1 is {outcome.value}" in text
    assert "below the floor" in text
    assert ("aidetect promote new@1" in text) is (outcome is not Outcome.PROMOTED)


def test_datasets_are_named_after_their_folders(tmp_path: "Path") -> None:
    assert dataset_name(tmp_path / "My Photos (2)") == "my-photos-2"
    assert dataset_name(tmp_path / "ünïcode.tar") == "n-code"
    assert dataset_name(tmp_path / "…") == "images"


def test_durations_read_well() -> None:
    assert seconds(59.4) == "59 s"
    assert seconds(125) == "2 min 5 s"
