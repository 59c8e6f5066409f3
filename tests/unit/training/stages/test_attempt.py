"""How a stage's job ends: done once, refused, to be retried, or stopped."""

import json
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError

from detector.contract import ContractError
from detector.training_run import Stage, StageFailure, StageRecord
from tests.unit.training.stages.worlds import make_context, make_run
from training.stages.context import StageContext, StageError, StopFlag
from training.stages.main import (
    DONE,
    REFUSED,
    RETRY,
    STAGES,
    STOPPED,
    StageFunction,
    attempt_stage,
    stage_function,
    trial_of,
)
from training.stages.progress import StageProgress
from training.storage import MissingFileError


def failing(error: Exception) -> StageFunction:
    def work(context: StageContext) -> dict[str, str]:
        raise error

    return work


def nothing(context: StageContext) -> dict[str, str]:
    return {}


def test_a_stage_is_done_once(tmp_path: Path) -> None:
    calls = []

    def work(context: StageContext) -> dict[str, str]:
        calls.append(context.run.run)
        return {"images": "3"}

    context = make_context(tmp_path)
    assert attempt_stage(Stage.PREPARE, context, attempt=2, work=work) == DONE
    assert attempt_stage(Stage.PREPARE, context, attempt=3, work=work) == DONE
    assert calls == ["train-1"]
    record = StageRecord.parse(context.files.read("stages/prepare.json"))
    assert (record.attempt, record.said) == (2, {"images": "3"})


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StageError("one class only"), REFUSED),
        (ContractError("not a catalog"), REFUSED),
        (MissingFileError("prepared.json is missing"), REFUSED),
        (EndpointConnectionError(endpoint_url="http://s3"), RETRY),
        (OSError("disk quota"), RETRY),
    ],
)
def test_a_failure_is_kept_with_its_reason(tmp_path: Path, error: Exception, code: int) -> None:
    context = make_context(tmp_path)
    assert attempt_stage(Stage.TRAIN, context, attempt=1, work=failing(error)) == code
    failure = StageFailure.parse(context.files.read("stages/train-failed.json"))
    assert failure.stage is Stage.TRAIN
    assert failure.message == str(error)
    assert not context.files.exists("stages/train.json")


def test_a_stop_is_no_failure(tmp_path: Path) -> None:
    stop = StopFlag()
    stop.set()

    def work(context: StageContext) -> dict[str, str]:
        context.stop.check()
        return {}

    context = make_context(tmp_path, stop=stop)
    assert attempt_stage(Stage.TRAIN, context, attempt=1, work=work) == STOPPED
    assert context.files.names("stages/") == []


def test_trials_keep_their_own_records(tmp_path: Path) -> None:
    for trial in (0, 1):
        context = make_context(tmp_path, make_run(sweep=2), trial=trial)
        assert attempt_stage(Stage.TRAIN, context, attempt=1, work=nothing) == DONE
    assert context.files.names("stages/") == ["stages/train-00000.json", "stages/train-00001.json"]


def test_only_the_train_stage_of_a_search_has_trials() -> None:
    environ = {"AWS_BATCH_JOB_ARRAY_INDEX": "3"}
    assert trial_of(make_run(sweep=4), Stage.TRAIN, environ) == 3
    assert trial_of(make_run(sweep=4), Stage.EVALUATE, environ) is None
    assert trial_of(make_run(), Stage.TRAIN, environ) is None


def test_every_stage_of_a_job_has_its_function() -> None:
    assert {stage_function(stage).__module__ for stage in STAGES} == {
        f"training.stages.{stage.value}" for stage in STAGES
    }


def test_progress_is_published_now_and_then(tmp_path: Path) -> None:
    context = make_context(tmp_path)
    with StageProgress(context, Stage.TRAIN, seconds=3600) as watched:
        watched.progress("looking at images", 1, 10)
        watched.progress("looking at images", 2, 10)
        name = "stages/train-progress.json"
        assert json.loads(context.files.read(name))["done"] == 1
        watched.progress("looking at images", 10, 10)
    found = json.loads(context.files.read(name))
    assert (found["stage"], found["what"], found["done"]) == ("train", "looking at images", 10)
