"""Executions of a state machine, a bounded look at the newest."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from aidetect.execution import batch_of

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

MOST = 50
# A batch that failed longer ago than this is history.
LATELY = timedelta(days=7)
FAILED = frozenset({"FAILED", "TIMED_OUT"})
# An execution that goes on with a run has the run's name and the time: aidetect/training_start.py.
_RESUMED = re.compile(r"(?P<run>train-\d{8}-\d{6}-[0-9a-f]{6})-\d{6}")


@dataclass(frozen=True)
class Run:
    """One execution as a list of them tells."""

    arn: str
    name: str
    status: str
    started_at: datetime
    ended_at: datetime | None

    @property
    def subject(self) -> str:
        """The batch or the training run it is of."""
        resumed = _RESUMED.fullmatch(self.name)
        return resumed["run"] if resumed else batch_of(self.name)


def list_runs(sfn: "SFNClient", machine: str, status: str | None = None) -> list[Run]:
    """Return executions, the newest first: one call, at most :data:`MOST`."""
    wanted: dict[str, Any] = {"statusFilter": status} if status else {}
    found = sfn.list_executions(stateMachineArn=machine, maxResults=MOST, **wanted)
    return [
        Run(e["executionArn"], e["name"], e["status"], e["startDate"], e.get("stopDate"))
        for e in found["executions"]
    ]


def newest_of_each(runs: Iterable[Run]) -> list[Run]:
    """Return of each batch or training run the execution that began last."""
    newest: dict[str, Run] = {}
    for run in sorted(runs, key=lambda run: run.started_at, reverse=True):
        newest.setdefault(run.subject, run)
    return list(newest.values())


def failed_lately(runs: Iterable[Run], now: datetime) -> list[Run]:
    """Return those that failed within :data:`LATELY` and that nobody has put right since."""
    return [
        run
        for run in newest_of_each(runs)
        if run.status in FAILED and run.ended_at is not None and run.ended_at > now - LATELY
    ]


def state_of(sfn: "SFNClient", arn: str) -> str:
    """Return the state a running execution is in, by its name in the definition."""
    events = sfn.get_execution_history(
        executionArn=arn, reverseOrder=True, maxResults=25, includeExecutionData=False
    )["events"]
    for event in events:
        name = event.get("stateEnteredEventDetails", {}).get("name")
        if name:
            return name
    return ""
