"""Waits until every image of a drop, or of a batch, has its row."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from aidetect.errors import StillGoingError
from aidetect.execution import Execution, describe, given_to, is_live, keys_below, started_since
from aidetect.target import Target

POLL_SECONDS = 0.5


class FollowTimeoutError(StillGoingError):
    """The wait ran out; the images are not lost, and the message says where to look."""


@dataclass(frozen=True)
class Progress:
    """How far a drop has come."""

    expected: int
    taken_up: int = 0
    scored: int = 0
    batches: tuple[Execution, ...] = ()

    @property
    def done(self) -> bool:
        """Whether every image was taken up and every batch has ended."""
        return self.taken_up >= self.expected and all(e.ended for e in self.batches)


class DropFollower:
    """Finds the batches that took up a drop and follows them.

    An upload does not know its batch: S3 events are gathered by time, so a drop may be split over
    several batches or share one with others. The manifests tell.
    """

    def __init__(self, target: Target, prefix: str, keys: frozenset[str], since: datetime) -> None:
        self._target = target
        self._prefix = prefix
        self._keys = keys
        self._since = since
        self._found: dict[str, frozenset[str]] = {}

    def poll(self) -> Progress:
        """Look once."""
        outputs = self._target.outputs
        ours: list[Execution] = []
        for execution in started_since(
            self._target.sfn, outputs.ScoringStateMachineArn, self._since
        ):
            if execution.batch not in self._found:
                below = keys_below(
                    self._target.s3, outputs.ResultsBucket, execution.batch, self._prefix
                )
                if below is None and not execution.ended:
                    continue
                ours_of_it = (below or frozenset()) & self._keys
                if ours_of_it and not self._is_live(execution):
                    ours_of_it = frozenset()
                self._found[execution.batch] = ours_of_it
            if self._found[execution.batch]:
                ours.append(execution)
        taken = frozenset[str]().union(*(self._found[e.batch] for e in ours))
        scored = frozenset[str]().union(*(self._found[e.batch] for e in ours if e.ended))
        return Progress(len(self._keys), len(taken), len(scored), tuple(ours))

    def _is_live(self, execution: Execution) -> bool:
        return is_live(given_to(self._target.sfn.describe_execution(executionArn=execution.arn)))


def wait(
    poll: Callable[[], Progress],
    *,
    timeout: float,
    show: Callable[[Progress], None] = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Progress:
    """Poll until done.

    Parameters
    ----------
    timeout
        Seconds to wait at most.

    Raises
    ------
    FollowTimeoutError
        When time is up. Nothing is cancelled.
    """
    end = time.monotonic() + timeout
    while True:
        progress = poll()
        show(progress)
        if progress.done:
            return progress
        if time.monotonic() >= end:
            raise FollowTimeoutError(
                f"after {timeout:.0f} s {progress.taken_up} of {progress.expected} images are "
                f"taken up and {len(progress.batches)} batches begun. They go on: look at them "
                "with `aidetect status`, and at one image with `aidetect verdict KEY`"
            )
        sleep(POLL_SECONDS)


def poll_batch(target: Target, arn: str) -> Callable[[], Progress]:
    """Return a poll for one execution whose batch is known."""
    state = Progress(expected=1, taken_up=1)

    def poll() -> Progress:
        execution, _ = describe(target.sfn, arn)
        return replace(state, scored=int(execution.ended), batches=(execution,))

    return poll
