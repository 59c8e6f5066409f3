"""What is fuzzed: the product's own function, its seeds, and what may come of an input."""

from collections.abc import Callable
from dataclasses import dataclass

from detector.reason import Reason
from tests.fuzz.board import OUTCOMES


class BrokenPromiseError(AssertionError):
    """The product returned what it promises never to return."""


@dataclass(frozen=True)
class Target:
    """One of the things that are fuzzed.

    ``run`` takes an input to one of ``outcomes``, and raises for everything else, which is a
    finding. ``max_input`` is in bytes.
    """

    name: str
    run: Callable[[bytes], str]
    seeds: Callable[[], list[bytes]]
    outcomes: tuple[str, ...]
    max_input: int = 12_000

    def __post_init__(self) -> None:
        """Hold it to the room there is on the board; the last place is for findings."""
        if len(self.outcomes) >= OUTCOMES:
            raise ValueError(f"{self.name} has {len(self.outcomes)} outcomes of {OUTCOMES - 1}")


# What a file's bytes can come to. The others are about objects, or the worker's own end.
IMAGE_REASONS = (
    Reason.BOMB,
    Reason.TOO_SMALL,
    Reason.TRUNCATED,
    Reason.UNDECODABLE,
    Reason.UNSUPPORTED,
)
