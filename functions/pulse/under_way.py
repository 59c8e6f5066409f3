"""What is under way, and for how long."""

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from detector.metric import Metric, Unit

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class UnderWay(NamedTuple):
    """Batches under way, and the seconds since the oldest of them began; 0 where there is none."""

    batches: int
    oldest: float

    def metrics(self) -> list[Metric]:
        """Return it as metrics."""
        return [
            Metric("BatchesRunning", self.batches),
            Metric("OldestBatchSeconds", round(self.oldest, 3), Unit.SECONDS),
        ]


def look(machine: str, *, states: "SFNClient", now: datetime) -> UnderWay:
    """Return what a state machine has under way.

    Parameters
    ----------
    machine
        ARN of the state machine.
    states
        Client.
    now
        The time, aware.

    Raises
    ------
    botocore.exceptions.ClientError
        If the executions cannot be listed.
    """
    pages = states.get_paginator("list_executions").paginate(
        stateMachineArn=machine, statusFilter="RUNNING"
    )
    started = [execution["startDate"] for page in pages for execution in page["executions"]]
    if not started:
        return UnderWay(0, 0.0)
    return UnderWay(len(started), max(0.0, (now - min(started)).total_seconds()))
