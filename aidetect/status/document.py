"""The status of a stack, as a document that programs may read."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from detector.contract import Contract, Part


class Kind(StrEnum):
    """Which state machine an execution is of."""

    SCORING = "scoring"
    TRAINING = "training"


class Running(Part):
    """A batch or a training run that goes on.

    ``done`` and ``total`` count what ``stage`` is at: manifest entries (an image or an archive
    each) of a batch, what the stage says of itself in training. None where nobody knows yet.
    """

    kind: Kind
    name: str
    started_at: datetime
    stage: str
    done: int | None = None
    total: int | None = None


class Arrivals(Part):
    """Upload events on their way: in the queue, being taken up, and given up."""

    waiting: int
    in_flight: int
    # Of the oldest in the queue; None where CloudWatch does not say (yet).
    oldest_seconds: float | None = None


class Jobs(Part):
    """Jobs of the stack's job queues; the children of an array count one each.

    ``more``: there are more than were looked at.
    """

    waiting: int = 0
    running: int = 0
    more: bool = False


class Failure(Part):
    """A batch or a run that ended badly, why, and the command that goes on from there."""

    kind: Kind
    name: str
    at: datetime
    why: str
    next: str


class Ended(Part):
    """A batch that was scored; ``dollars`` is None while nobody has reckoned its cost."""

    batch: str
    status: str
    finished_at: str
    rows: int
    verdicts: dict[str, int] = Field(default_factory=dict)
    seconds: float
    lane: str
    detector: str
    dollars: float | None = None


class Alarm(Part):
    """An alarm that has gone off."""

    name: str
    says: str
    since: datetime


class Status(Contract):
    """What a stack is at. A part that could not be looked at is None or empty, and in ``unseen``.

    ``unseen`` gives for each such part why: a permission that is lacking, mostly.
    """

    SCHEMA: ClassVar[str] = "aidetect.status/1"

    where: str
    stack: str
    at: datetime
    champion: str | None = None
    running: tuple[Running, ...] = ()
    arrivals: Arrivals | None = None
    dead: int | None = None
    jobs: Jobs | None = None
    failures: tuple[Failure, ...] = ()
    batches: tuple[Ended, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    # No machines are started until somebody says so; None where that is not known.
    spending_stopped: bool | None = None
    unseen: dict[str, str] = Field(default_factory=dict)

    @property
    def error_share(self) -> float | None:
        """Share of error rows in the last batches; None where there are no rows."""
        rows = sum(batch.rows for batch in self.batches)
        errors = sum(batch.verdicts.get("error", 0) for batch in self.batches)
        return errors / rows if rows else None

    def advice(self) -> tuple[str, ...]:
        """Return what to do next, most urgent first; nothing when all is well."""
        told = []
        if self.champion is None and "champion" not in self.unseen:
            told.append("no detector is in use: aidetect detector publish")
        if self.spending_stopped:
            told.append(
                "spending is stopped, and batches that need machines wait: aidetect costs resume"
            )
        if self.dead:
            told.append(f"{self.dead} upload events were given up: aidetect redrive")
        told += [f"{f.kind.value} {f.name} failed: {f.next}" for f in self.failures]
        return tuple(told)
