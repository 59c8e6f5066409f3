"""A shard: its slice of the manifest, split into units of work in one way only."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from batch_inference.source import Source
from detector.contract import ContractError
from detector.layout import BatchLayout
from detector.manifest import Kind, parse_entry
from detector.plan import BatchPlan, Shard, chunk_name
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


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


def read_sources(s3: "S3Client", manifest: S3Uri, shard: Shard) -> list[Source]:
    """Read a shard's slice of the manifest by one ranged GET.

    Raises
    ------
    ContractError
        If the slice does not hold the entries the plan promises.
    """
    last = shard.offset + shard.length - 1
    answer = s3.get_object(
        Bucket=manifest.bucket, Key=manifest.key, Range=f"bytes={shard.offset}-{last}"
    )
    with answer["Body"] as body:
        lines = body.read().splitlines()
    if len(lines) != shard.count:
        raise ContractError(
            f"{manifest} bytes {shard.offset}-{last} hold {len(lines)} entries but the plan says "
            f"{shard.count}: the manifest was changed after the plan was made"
        )
    return [
        Source(index, parse_entry(line, where=f"{manifest} entry {index}"))
        for index, line in enumerate(lines, start=shard.first)
    ]


def split(sources: Iterable[Source], chunk_size: int) -> Iterator[Unit]:
    """Yield the units of a shard: runs of up to ``chunk_size`` objects, and each archive alone."""
    run: list[Source] = []
    for source in sources:
        entry = source.entry
        if entry.kind is Kind.ARCHIVE and entry.reject is None:
            yield from _runs(run, chunk_size)
            run = []
            yield Unit((source,), archive=True)
        else:
            run.append(source)
    yield from _runs(run, chunk_size)


def objects_left(units: Iterable[Unit], committed: Collection[str]) -> int:
    """Return how many single objects are still to be fetched, archives not counted."""
    return sum(
        source.entry.reject is None
        for unit in units
        if not unit.archive and unit.name not in committed
        for source in unit.sources
    )


def _runs(sources: Iterable[Source], size: int) -> Iterator[Unit]:
    iterator = iter(sources)
    while run := tuple(islice(iterator, size)):
        yield Unit(run)
