"""Cutting a manifest into shards of about equal work."""

from collections.abc import Iterable, Iterator
from itertools import islice

from detector.manifest import Kind, ManifestEntry, ManifestHeader, parse_entry
from detector.plan import MAX_ARRAY_SIZE, Shard

# An archive counts as the images it would hold at this size each, a usual web JPEG.
BYTES_PER_MEMBER = 100_000
# An archive of unknown size, which intake always knows.
UNKNOWN_ARCHIVE = 1_000


def weight(entry: ManifestEntry) -> int:
    """Return how many images an entry counts as."""
    if entry.reject or entry.kind is Kind.IMAGE:
        return 1
    return UNKNOWN_ARCHIVE if entry.size is None else max(1, -(-entry.size // BYTES_PER_MEMBER))


def cut(lines: Iterable[bytes], *, per_shard: int, where: str) -> tuple[list[Shard], int]:
    """Cut a manifest where the images so far fill a shard.

    Memory grows with the shards, not with the entries. An archive is never divided.

    Parameters
    ----------
    lines
        The manifest's lines with their newlines, header first.
    per_shard
        Images a shard should hold.
    where
        What is being read, for error messages.

    Returns
    -------
    The shards, at most ``MAX_ARRAY_SIZE``, and how many images all of them count as.

    Raises
    ------
    detector.contract.ContractError
        If the manifest is not valid.
    """
    iterator = iter(lines)
    header = next(iterator, b"")
    ManifestHeader.parse(header, where=where)
    shards: list[Shard] = []
    offset, first, count, length, load, total = len(header), 0, 0, 0, 0, 0
    for number, line in enumerate(iterator, start=2):
        heavy = weight(parse_entry(line, where=f"{where} line {number}"))
        if count and load + heavy > per_shard:
            shards.append(
                Shard(index=len(shards), first=first, count=count, offset=offset, length=length)
            )
            first, offset, count, length, load = first + count, offset + length, 0, 0, 0
        count, length, load, total = count + 1, length + len(line), load + heavy, total + heavy
    if count:
        shards.append(
            Shard(index=len(shards), first=first, count=count, offset=offset, length=length)
        )
    return merge(shards, most=MAX_ARRAY_SIZE), total


def merge(shards: list[Shard], *, most: int) -> list[Shard]:
    """Join neighbours until there are at most ``most`` shards."""
    together = -(-len(shards) // most)
    if together <= 1:
        return shards
    return [
        Shard(
            index=index,
            first=group[0].first,
            count=sum(shard.count for shard in group),
            offset=group[0].offset,
            length=sum(shard.length for shard in group),
        )
        for index, group in enumerate(_groups(shards, together))
    ]


def _groups(shards: list[Shard], size: int) -> Iterator[list[Shard]]:
    iterator = iter(shards)
    while group := list(islice(iterator, size)):
        yield group
