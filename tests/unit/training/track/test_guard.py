"""A tracker's trouble never reaches the run."""

from collections.abc import Mapping

import pytest

from training.track.guard import GIVE_UP_AFTER, Guarded
from training.track.tracker import Trackers


class Broken:
    """Fails while it is told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, Mapping[str, float]]] = []
        self.finished: list[Mapping[str, float]] = []
        self.broken = True

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        self.calls.append((step, metrics))
        if self.broken:
            raise OSError("no way there")

    def finish(self, summary: Mapping[str, float]) -> None:
        self.finished.append(summary)
        if self.broken:
            raise RuntimeError("no end")


def test_it_is_said_once_and_given_up() -> None:
    broken, told = Broken(), list[str]()
    guarded = Guarded(broken, "CloudWatch", told.append)
    for step in range(10):
        guarded.log(step, {"a": 1.0})
    guarded.finish({})
    guarded.finish({})
    guarded.log(11, {})
    assert len(broken.calls) == GIVE_UP_AFTER
    assert len(broken.finished) == 1
    (text,) = told
    assert "CloudWatch" in text
    assert "no way there" in text


def test_one_that_recovers_is_not_given_up() -> None:
    broken = Broken()
    guarded = Guarded(broken, "The history", lambda _text: None)
    for step in range(20):
        broken.broken = step % 2 == 0
        guarded.log(step, {"a": 1.0})
    assert len(broken.calls) == 20


def test_one_that_fails_does_not_keep_the_others_from_finishing() -> None:
    first, second = Broken(), Broken()
    second.broken = False
    told: list[str] = []
    Trackers([Guarded(first, "one", told.append), Guarded(second, "two", told.append)]).finish({})
    assert len(second.finished) == 1


def test_a_stop_is_not_swallowed() -> None:
    class Stopped(Broken):
        def log(self, step: int, metrics: Mapping[str, float]) -> None:
            raise KeyboardInterrupt(step, metrics)

    with pytest.raises(KeyboardInterrupt):
        Guarded(Stopped(), "any", lambda _text: None).log(1, {})
