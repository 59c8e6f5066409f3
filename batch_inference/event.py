"""What a pipeline's threads tell the one that makes the rows."""

from dataclasses import dataclass

from batch_inference.chunk import OpenChunk
from batch_inference.decoding import Decoded
from batch_inference.engine import Scores
from batch_inference.feed import Task
from detector.preprocess import Pixels


@dataclass(frozen=True, slots=True)
class Closed:
    """The feed says what a chunk is called and how many rows it has."""

    chunk: OpenChunk
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The feed handed everything out, or was stopped before."""

    complete: bool


@dataclass(frozen=True, slots=True)
class Scorable:
    """An image that waits for the engine."""

    task: Task
    decoded: Decoded
    pixels: Pixels


@dataclass(frozen=True, slots=True)
class Scored:
    """A batch that the engine has scored."""

    batch: list[Scorable]
    scores: Scores


# An image was decoded, or a thread failed, besides.
Event = tuple[Task, Decoded] | Scored | Closed | Ended | BaseException
