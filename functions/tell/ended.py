"""The event by which Step Functions tells that an execution ended, read as far as it matters."""

import re
from dataclasses import dataclass
from typing import Any, Self

from detector.json_text import read_json
from detector.training_request import MAX_RUN_LENGTH, RUN_PATTERN

# Where the causes that services give say in words what went wrong: of Lambda, Batch and SageMaker.
_SAYS = ("errorMessage", "StatusReason", "FailureReason")
_NAMES = ("JobName", "TrainingJobName")


@dataclass(frozen=True)
class EndedExecution:
    """An execution that did not succeed.

    Attributes
    ----------
    arn, status, error
        As Step Functions says; ``error`` is empty where it says none.
    run
        The training run it was for: its own name, or the run that it went on with.
    job
        Name of the job that failed; empty where it was none.
    why
        What went wrong, in the words of the service.
    """

    arn: str
    status: str
    run: str
    error: str
    job: str
    why: str

    @classmethod
    def of(cls, detail: dict[str, Any]) -> Self:
        """Read the event's detail.

        https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
        """
        cause = _object(detail.get("cause"))
        said = (str(cause[key]) for key in _SAYS if cause.get(key))
        return cls(
            arn=detail["executionArn"],
            status=detail["status"],
            run=_run(_object(detail.get("input")).get("run")) or detail["name"],
            error=detail.get("error") or "",
            job=next((str(cause[key]) for key in _NAMES if cause.get(key)), ""),
            why=next(said, detail.get("cause") or ""),
        )


def _run(named: Any) -> str:
    """Return the name where a run can have it; begin refuses others, and no key or subject can."""
    sound = isinstance(named, str) and len(named) <= MAX_RUN_LENGTH
    return named if sound and re.fullmatch(RUN_PATTERN, named) else ""


def _object(text: Any) -> dict[str, Any]:
    """Return what a JSON text says if it is an object; long ones are cut off, and then say none."""
    try:
        found = read_json(text) if isinstance(text, str) else None
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
