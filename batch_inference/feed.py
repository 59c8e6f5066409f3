"""Hands out a shard's images in order: objects to fetch, and the members of archives."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

from batch_inference.archive import members
from batch_inference.chunk import OpenChunk
from batch_inference.evidence import most_of_chunk, most_of_part
from batch_inference.member import Member
from batch_inference.reader import Reader
from batch_inference.s3_file import S3File
from batch_inference.shard import Unit
from batch_inference.source import Source
from detector.plan import BatchPlan
from detector.reason import ImageError, Reason


@dataclass(frozen=True, slots=True)
class Task:
    """One image on its way to its place in a chunk."""

    chunk: OpenChunk
    place: int
    source: Source


class Sink(Protocol):
    """Takes what the feed hands out; each call may wait until there is room."""

    def fetch(self, task: Task) -> None:
        """Take an object that is to be fetched."""
        ...

    def member(self, task: Task, data: bytes) -> None:
        """Take the bytes of an archive member."""
        ...

    def refuse(self, task: Task, error: ImageError) -> None:
        """Take an image that is not to be scored."""
        ...

    def closed(self, chunk: OpenChunk, name: str, size: int) -> None:
        """Take note of a chunk's name and number of rows."""
        ...


class Feed:
    """Walks a shard's units, leaving out what is committed.

    Parameters
    ----------
    plan, reader, sink
        What is scored, how it is read, and who takes it.
    committed
        Names of the shard's committed chunks.
    stop
        Says whether to begin nothing more; asked between chunks.
    """

    def __init__(
        self,
        plan: BatchPlan,
        reader: Reader,
        sink: Sink,
        committed: Collection[str],
        stop: Callable[[], bool],
    ) -> None:
        self._plan = plan
        self._reader = reader
        self._sink = sink
        self._committed = committed
        self._stop = stop

    def run(self, units: Iterable[Unit]) -> bool:
        """Hand everything out; return False when it was stopped before the end."""
        for unit in units:
            if self._stop():
                return False
            if unit.archive:
                if unit.end_name not in self._committed and not _Archive(self, unit).run():
                    return False
            elif unit.name not in self._committed:
                self._objects(unit)
        return True

    def _objects(self, unit: Unit) -> None:
        chunk = OpenChunk(most_evidence=most_of_chunk(self._plan))
        self._sink.closed(chunk, unit.name, len(unit.sources))
        for place, source in enumerate(unit.sources):
            task = Task(chunk, place, source)
            if source.entry.reject is not None:
                self._sink.refuse(task, ImageError(source.entry.reject))
            else:
                self._sink.fetch(task)


class _Archive:
    """One archive on its way: full chunks are numbered, and the last one is called ``end``.

    A member's chunk and place follow from its place in the archive alone. Whatever ends the archive
    early becomes its last row, in the same commit as the rows before it, so that an attempt which
    is killed in between cannot leave half of it behind.
    """

    def __init__(self, feed: Feed, unit: Unit) -> None:
        self._feed = feed
        self._unit = unit
        self._source = unit.sources[0]
        self._size = feed._plan.chunk_size
        self._sequence = 0
        self._last: OpenChunk | None = None
        self._chunk = self._open()
        self._filled = 0
        self._ended = False

    @property
    def _skipping(self) -> bool:
        name = self._unit.part_name(self._sequence)
        return not self._ended and name in self._feed._committed

    def run(self) -> bool:
        """Hand its members out; return False when it was stopped before the end."""
        reader, entry = self._feed._reader, self._source.entry
        try:
            file = S3File(lambda first, last: reader.fetch_range(entry, first, last))
            for member in members(file, entry.key, self._feed._plan.limits):
                if self._filled == self._size and not self._next_chunk():
                    return False
                self._member(member)
        except ImageError as error:
            self._last_row(error)
        if self._skipping:
            changed = "the archive is shorter than when it was first read"
            self._last_row(ImageError(Reason.READ_FAILED, changed))
        self._feed._sink.closed(self._chunk, self._unit.end_name, self._filled)
        return True

    def _open(self) -> OpenChunk:
        return OpenChunk(self._last, most_of_part(self._feed._plan, self._sequence))

    def _next_chunk(self) -> bool:
        """Close the full chunk and open the next; return False when it is time to stop."""
        if not self._skipping:
            name = self._unit.part_name(self._sequence)
            self._feed._sink.closed(self._chunk, name, self._filled)
            self._last = self._chunk
        self._sequence += 1
        self._chunk, self._filled = self._open(), 0
        return not self._feed._stop()

    def _member(self, member: Member) -> None:
        place, skipping = self._filled, self._skipping
        self._filled += 1
        if skipping:
            return
        source = Source(self._source.index, self._source.entry, member.name)
        task, sink = Task(self._chunk, place, source), self._feed._sink
        if member.refusal is not None:
            sink.refuse(task, member.refusal)
            return
        reader = self._feed._reader
        reader.hold(member.size)
        try:
            data = member.read()
        except ImageError as error:
            reader.release(member.size)
            sink.refuse(task, error)
        except BaseException:
            reader.release(member.size)
            raise
        else:
            sink.member(task, data)

    def _last_row(self, error: ImageError) -> None:
        if self._skipping:
            # An attempt before this one got further; its chunks stay, and this row goes to the end.
            self._chunk, self._filled = self._open(), 0
            self._ended = True
        self._feed._sink.refuse(Task(self._chunk, self._filled, self._source), error)
        self._filled += 1
