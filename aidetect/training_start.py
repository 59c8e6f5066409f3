"""Starts a training run, or goes on with one that failed."""

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError
from pydantic import ValidationError

from aidetect.errors import AidetectError
from aidetect.explanation import code_of, explain
from aidetect.target import Target
from detector.layout import RunLayout
from detector.training_request import RequestError, Settings, TrainingRequest
from detector.training_request import explain as explain_request

# The emulator has no RedriveExecution; the others say that this execution cannot be redriven: too
# old, ended well, or redriven too often.
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
_NO_REDRIVE = frozenset(
    {"InternalFailure", "NotImplemented", "501", "ExecutionNotRedrivable", "ExecutionLimitExceeded"}
    | {"ExecutionDoesNotExist"}
)


class TrainingStartError(AidetectError, RuntimeError):
    """A run could not be started."""


def new_run(now: datetime) -> str:
    """Return an id of its own for a run."""
    return f"train-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def read_settings(pairs: Sequence[str]) -> Settings:
    """Read ``name=value`` pairs.

    Raises
    ------
    RequestError
        If a pair is none, or names no setting, or has a value that is not allowed.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            raise RequestError(f"{pair!r} is not name=value, for example --set epochs=2")
        try:
            found[name] = json.loads(value)
        except json.JSONDecodeError:
            found[name] = value
    try:
        return Settings.model_validate(found)
    except ValidationError as error:
        names = ", ".join(Settings.model_fields)
        raise RequestError(f"{explain_request(error)}. Settings are: {names}") from error


def _start(target: Target, name: str, document: Mapping[str, Any]) -> str:
    try:
        return target.sfn.start_execution(
            stateMachineArn=target.outputs.TrainingStateMachineArn,
            name=name,
            input=json.dumps(document),
        )["executionArn"]
    except ClientError as error:
        raise TrainingStartError(f"training was not started: {explain(error)}") from error


def start(target: Target, run: str, request: TrainingRequest) -> str:
    """Start a run and return the ARN of its execution.

    Raises
    ------
    TrainingStartError
        If Step Functions refuses.
    """
    return _start(target, run, request.model_dump(mode="json", exclude_defaults=True))


def resume(target: Target, run: str, now: datetime) -> str:
    """Go on with a run from the stage that failed, and return the ARN of its execution.

    Redrives the run's execution; where that cannot be, a new execution goes on with the same run,
    whose finished stages are not done again.

    Raises
    ------
    TrainingStartError
        If there is no such run, or it is still going on.
    """
    layout = RunLayout(target.outputs.TrainingBucket, run)
    try:
        target.s3.head_object(Bucket=layout.bucket, Key=layout.description.key)
    except ClientError as error:
        if code_of(error) not in {"404", "NoSuchKey"}:
            raise TrainingStartError(f"run {run} was not resumed: {explain(error)}") from error
        raise TrainingStartError(
            f"there is no run {run} on the {target.label}: no {layout.description}. "
            "`aidetect status` names the runs"
        ) from error
    arn = target.outputs.training_execution_arn(run)
    try:
        target.sfn.redrive_execution(executionArn=arn)
    except ClientError as error:
        if code_of(error) not in _NO_REDRIVE:
            raise TrainingStartError(f"run {run} was not resumed: {explain(error)}") from error
        return _start(target, f"{run}-{now:%H%M%S}", {"run": run})
    return arn
