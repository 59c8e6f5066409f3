"""Looks at a training run: what its stages did, how far the one at hand is, how it ended."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from aidetect.errors import StillGoingError
from aidetect.execution import Execution, describe
from aidetect.target import Target
from detector.contract import Contract
from detector.layout import RunLayout
from detector.training_run import Stage, StageFailure, StageRecord, TrainingCompleted
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

POLL_SECONDS = 1.0
T = TypeVar("T", bound=Contract)


class WatchTimeoutError(StillGoingError):
    """The wait ran out; the run goes on."""


@dataclass(frozen=True)
class Doing:
    """What a stage is at."""

    stage: str
    what: str
    done: int
    total: int


@dataclass(frozen=True)
class RunState:
    """A run as it stands."""

    execution: Execution
    stages: tuple[StageRecord, ...] = ()
    doing: Doing | None = None
    failure: StageFailure | None = None
    why: str = ""
    completed: TrainingCompleted | None = field(default=None)


def _read(s3: "S3Client", where: S3Uri) -> bytes | None:
    try:
        return s3.get_object(Bucket=where.bucket, Key=where.key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None


def _parsed(s3: "S3Client", where: S3Uri, kind: type[T]) -> T | None:
    body = _read(s3, where)
    return None if body is None else kind.parse(body, where=str(where))


def _doing(s3: "S3Client", layout: RunLayout, stage: Stage) -> Doing | None:
    body = _read(s3, layout.root.join("stages", f"{stage.value}-progress.json"))
    if body is None:
        return None
    found = json.loads(body)
    return Doing(stage.value, str(found["what"]), int(found["done"]), int(found["total"]))


def look(target: Target, run: str, arn: str) -> RunState:
    """Look once.

    Raises
    ------
    detector.contract.ContractError
        If the run's files are of another version.
    """
    execution, why = describe(target.sfn, arn)
    layout = RunLayout(target.outputs.TrainingBucket, run)
    done, doing, failure = [], None, None
    for stage in Stage:
        record = _parsed(target.s3, layout.stage(stage.value), StageRecord)
        if record is None:
            doing = _doing(target.s3, layout, stage)
            failure = _parsed(target.s3, layout.failure(stage.value), StageFailure)
            break
        done.append(record)
    completed = None
    if execution.status == "SUCCEEDED":
        output = target.sfn.describe_execution(executionArn=arn).get("output", "")
        completed = TrainingCompleted.parse(output, where=f"the output of run {run}")
    return RunState(execution, tuple(done), doing, failure, why, completed)


def watch(
    target: Target,
    run: str,
    arn: str,
    *,
    timeout: float,
    show: Callable[[RunState], None],
    sleep: Callable[[float], None] = time.sleep,
) -> RunState:
    """Look until the run has ended.

    Raises
    ------
    WatchTimeoutError
        If it has not after ``timeout`` seconds.
    """
    end = time.monotonic() + timeout
    while True:
        state = look(target, run, arn)
        show(state)
        if state.execution.ended:
            return state
        if time.monotonic() > end:
            raise WatchTimeoutError(
                f"run {run} has not ended after {timeout:.0f} s; it goes on: "
                f"look again with `aidetect train --watch {run}`"
            )
        sleep(POLL_SECONDS)
