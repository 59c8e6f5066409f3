"""What every stage is given: the run, where its files lie, where to work, whom to tell."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from detector.training_run import TrainingRun
from training.storage import Storage
from training.track.tracker import Tracker, Trackers

Tell = Callable[[str], None]
# Told of (what is counted, done, in all); in all is 0 while unknown.
Progress = Callable[[str, int, int], None]


class StageError(RuntimeError):
    """A stage cannot do its work with what it was given; the message says what to change."""


class StoppedError(RuntimeError):
    """The stage was told to stop (SIGTERM) and has kept what it did; the next attempt goes on."""


class StopFlag:
    """Raised by a signal, looked at between pieces of work."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Ask for the stop."""
        self._event.set()

    @property
    def raised(self) -> bool:
        """Whether a stop was asked for."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise where a stop was asked for.

        Raises
        ------
        StoppedError
            If it was.
        """
        if self.raised:
            raise StoppedError("told to stop; what was done is kept")


@dataclass(frozen=True)
class StageContext:
    """One stage's world.

    Attributes
    ----------
    run
        What was asked.
    files
        The run's own files, named as in :class:`detector.layout.RunLayout`.
    training, models
        The training bucket and the models bucket, whole.
    scratch
        A folder on disk for downloads; what lies there may be gone at the next attempt.
    checkpoints, output
        Where the train stage keeps checkpoints, and what was learnt; below ``files``, except under
        SageMaker, which has folders of its own for them.
    dataset
        The packed dataset, where it is not read from the bucket (SageMaker's channel).
    trial
        Number of the trial of a search, else None.
    """

    run: TrainingRun
    files: Storage
    training: Storage
    models: Storage
    scratch: Path
    checkpoints: Storage
    output: Storage
    dataset: Storage | None = None
    trial: int | None = None
    tell: Tell = lambda _text: None
    progress: Progress = lambda _what, _done, _total: None
    tracker: Tracker = field(default_factory=Trackers)
    stop: StopFlag = field(default_factory=StopFlag)


@contextmanager
def counting(context: StageContext, what: str) -> Iterator[Callable[[int, int], None]]:
    """Give a (done, total) callback that reports to the context and heeds its stop flag."""

    def count(done: int, total: int) -> None:
        context.progress(what, done, total)
        context.stop.check()

    yield count
