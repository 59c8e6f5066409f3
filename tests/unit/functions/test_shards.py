import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.contract import ContractError
from detector.manifest import Kind, ManifestEntry, parse_entry, write_lines
from detector.plan import MAX_ARRAY_SIZE, Shard
from detector.reason import Reason
from functions.plan.shards import UNKNOWN_ARCHIVE, cut, merge, weight


def manifest(count: int) -> list[bytes]:
    entries = (ManifestEntry(bucket="b", key=f"ü{i}.jpg") for i in range(count))
    return [line.encode() for line in write_lines(entries)]


@given(count=st.integers(0, 60), per_shard=st.integers(1, 20))
def test_shards_are_exactly_the_manifest(count: int, per_shard: int) -> None:
    lines = manifest(count)
    shards, images = cut(lines, per_shard=per_shard, where="here")
    whole = b"".join(lines)
    assert images == count
    assert len(shards) == -(-count // per_shard)
    keys: list[str] = []
    for index, shard in enumerate(shards):
        assert shard.index == index
        assert shard.first == len(keys)
        part = whole[shard.offset : shard.offset + shard.length].splitlines()
        assert len(part) == shard.count
        keys += [parse_entry(line).key for line in part]
    assert keys == [f"ü{i}.jpg" for i in range(count)]


def entry(size: int | None, *, reject: Reason | None = None) -> ManifestEntry:
    return ManifestEntry(bucket="b", key="a.tar", size=size, kind=Kind.ARCHIVE, reject=reject)


def test_archives_weigh_by_their_bytes() -> None:
    assert weight(ManifestEntry(bucket="b", key="a.jpg", size=10**9)) == 1
    assert [weight(entry(size)) for size in (1, 100_000, 100_001, 10**9)] == [1, 1, 2, 10_000]
    assert weight(entry(None)) == UNKNOWN_ARCHIVE
    assert weight(entry(10**9, reject=Reason.EMPTY)) == 1


def test_heavy_archive_has_a_shard_to_itself() -> None:
    small = ManifestEntry(bucket="b", key="a.jpg")
    lines = [line.encode() for line in write_lines([small, entry(10**9), small, small])]
    shards, images = cut(lines, per_shard=100, where="here")
    assert [shard.count for shard in shards] == [1, 1, 2]
    assert images == 10_003
    # Neighbours of its own kind, and one that fills a shard exactly, have one each as well.
    heavy = [entry(10**9), entry(10**9), entry(100 * 100_000), small]
    lines = [line.encode() for line in write_lines(heavy)]
    assert [shard.count for shard in cut(lines, per_shard=100, where="here")[0]] == [1] * 4


def test_no_more_shards_than_an_array_job_has_children() -> None:
    shards, _ = cut(manifest(MAX_ARRAY_SIZE + 1), per_shard=1, where="here")
    assert len(shards) == (MAX_ARRAY_SIZE + 2) // 2
    assert sum(shard.count for shard in shards) == MAX_ARRAY_SIZE + 1
    assert [shard.index for shard in shards] == list(range(len(shards)))


def test_merging_keeps_neighbours_together() -> None:
    shards = [Shard(index=i, first=i, count=1, offset=10 * i, length=10) for i in range(5)]
    merged = merge(shards, most=2)
    assert [(s.first, s.count, s.offset, s.length) for s in merged] == [
        (0, 3, 0, 30),
        (3, 2, 30, 20),
    ]
    assert merge(shards, most=5) == shards
    assert merge([], most=1) == []


def test_damaged_manifest_is_refused_with_its_line() -> None:
    with pytest.raises(ContractError, match="here line 3"):
        cut([*manifest(1), b"{}\n"], per_shard=1, where="here")
    with pytest.raises(ContractError, match="here"):
        cut([], per_shard=1, where="here")
