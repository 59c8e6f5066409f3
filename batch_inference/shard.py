"""A shard: its slice of the manifest, split into units of work in one way only."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batch_inference.source import Source
from detector.contract import ContractError
from detector.layout import BatchLayout
from detector.manifest import Kind, parse_entry
from detector.plan import BatchPlan, Shard, chunk_name
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


# One GET for so much is nothing beside the images it names.
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Unit:
    """What is committed together: a run of objects, or one archive (in as many chunks as it needs).

    The name follows from the manifest alone, so that every attempt names its chunks alike.
    """

    sources: tuple[Source, ...]
    archive: bool = False

    @property
    def first(self) -> int:
        """Manifest index of the first entry."""
        return self.sources[0].index

    @property
    def name(self) -> str:
        """Name of the chunk, or what the names of the archive's chunks begin with."""
        return chunk_name(self.first)

    @property
    def end_name(self) -> str:
        """Name of an archive's last chunk, whose presence says that the archive is done."""
        return f"{self.name}-end"

    def part_name(self, sequence: int) -> str:
        """Name of an archive's full chunk number ``sequence``, from 0."""
        return chunk_name(self.first, sequence)


def layout_of(plan: BatchPlan) -> BatchLayout:
    """Return where a batch's objects lie."""
    return BatchLayout(plan.bucket, plan.batch, plan.run_date, plan.purpose)


def shard_of(plan: BatchPlan, index: int) -> Shard:
    """Return a plan's shard.

    Raises
    ------
    ContractError
        If the plan has no such shard.
    """
    for shard in plan.shards:
        if shard.index == index:
            return shard
    raise ContractError(
        f"the plan of batch {plan.batch} has no shard {index}; it has {len(plan.shards)}: "
        "the array job and the plan do not belong together"
    )


@dataclass(frozen=True, slots=True)
class Slice:
    """A shard's slice of the manifest, read block by block whenever it is walked.

    So memory does not grow with the shard: fifty thousand entries would take as much as half of
    all else.

    Raises
    ------
    ContractError
        On the way, if the slice does not hold the entries that the plan promises.
    """

    s3: "S3Client"
    manifest: S3Uri
    shard: Shard
    block: int = BLOCK

    def __iter__(self) -> Iterator[Source]:
        """Yield the entries in order."""
        shard, index = self.shard, self.shard.first
        for line in self._lines():
            yield Source(index, parse_entry(line, where=f"{self.manifest} entry {index}"))
            index += 1
        if index - shard.first != shard.count:
            raise ContractError(
                f"{self.manifest} bytes {shard.offset}-{shard.offset + shard.length - 1} hold "
                f"{index - shard.first} entries but the plan says {shard.count}: the manifest was "
                "changed after the plan was made"
            )

    def _lines(self) -> Iterator[bytes]:
        rest = b""
        for block in self._blocks():
            *lines, rest = (rest + block).split(b"\n")
            yield from lines
        if rest:
            yield rest

    def _blocks(self) -> Iterator[bytes]:
        begin, end = self.shard.offset, self.shard.offset + self.shard.length
        for first in range(begin, end, self.block):
            last = min(first + self.block, end) - 1
            answer = self.s3.get_object(
                Bucket=self.manifest.bucket, Key=self.manifest.key, Range=f"bytes={first}-{last}"
            )
            with answer["Body"] as body:
                data = body.read()
            yield data
            if len(data) <= last - first:
                # It ends early, as the count will show.
                return


@dataclass(frozen=True, slots=True)
class Units:
    """The units of a shard, which may be walked more than once."""

    sources: Slice
    chunk_size: int

    def __iter__(self) -> Iterator[Unit]:
        """Yield them in order."""
        return split(self.sources, self.chunk_size)


def split(sources: Iterable[Source], chunk_size: int) -> Iterator[Unit]:
    """Yield the units of a shard: runs of up to ``chunk_size`` objects, and each archive alone.

    Each as soon as it is whole, so that no more than one run is held.
    """
    run: list[Source] = []
    for source in sources:
        entry = source.entry
        archive = entry.kind is Kind.ARCHIVE and entry.reject is None
        if not archive:
            run.append(source)
        if run and (archive or len(run) == chunk_size):
            yield Unit(tuple(run))
            run = []
        if archive:
            yield Unit((source,), archive=True)
    if run:
        yield Unit(tuple(run))


def objects_left(units: Iterable[Unit], committed: Collection[str]) -> int:
    """Return how many single objects are still to be fetched, archives not counted."""
    return sum(
        source.entry.reject is None
        for unit in units
        if not unit.archive and unit.name not in committed
        for source in unit.sources
    )
