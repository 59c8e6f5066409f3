"""A shard's slice of the manifest: the same entries however it is read, and no more or fewer."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch_inference.shard import Slice, Units, layout_of, split
from batch_inference.source import Source
from detector.contract import ContractError
from detector.manifest import ManifestEntry
from detector.plan import BatchPlan
from tests.unit.batch_inference.support import make_plan

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def planned(s3: "S3Client", count: int, shards: int) -> BatchPlan:
    entries = [ManifestEntry(bucket="b", key=f"ü{number:0{number}d}") for number in range(count)]
    return make_plan(s3, entries, shards=shards)


def slices(s3: "S3Client", plan: BatchPlan, block: int) -> list[Slice]:
    return [Slice(s3, layout_of(plan).manifest, shard, block) for shard in plan.shards]


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(block=st.integers(1, 400), shards=st.integers(1, 4))
def test_every_entry_comes_once_and_in_order_whatever_the_block(
    s3: "S3Client", block: int, shards: int
) -> None:
    plan = planned(s3, 12, shards)
    found = [source for part in slices(s3, plan, block) for source in part]
    assert [source.index for source in found] == list(range(12))
    assert [source.entry.key for source in found] == [f"ü{n:0{n}d}" for n in range(12)]


def test_it_may_be_walked_again(s3: "S3Client") -> None:
    (part,) = slices(s3, planned(s3, 12, 1), 64)
    units = Units(part, chunk_size=5)
    assert [len(unit.sources) for unit in units] == [5, 5, 2]
    assert [unit.name for unit in units] == [unit.name for unit in units]


def test_a_unit_comes_as_soon_as_it_is_whole(s3: "S3Client") -> None:
    (part,) = slices(s3, planned(s3, 12, 1), 64)
    drawn: list[int] = []

    def sources() -> Iterator[Source]:
        for source in part:
            drawn.append(source.index)
            yield source

    assert len(next(split(sources(), 5)).sources) == 5
    assert drawn == [0, 1, 2, 3, 4]


def test_no_more_than_a_block_is_asked_for_at_once(s3: "S3Client") -> None:
    (part,) = slices(s3, planned(s3, 12, 1), 100)
    asked: list[str] = []
    events = s3.meta.events
    events.register(
        "before-parameter-build.s3.GetObject", lambda params, **_: asked.append(params["Range"])
    )
    list(part)
    spans = [range_.removeprefix("bytes=").split("-") for range_ in asked]
    assert len(spans) > 2
    assert all(int(last) - int(first) < 100 for first, last in spans)


@pytest.mark.parametrize("block", [64, 1 << 20])
def test_a_manifest_that_lost_its_end_is_refused(s3: "S3Client", block: int) -> None:
    plan = planned(s3, 12, 1)
    where = layout_of(plan).manifest
    with s3.get_object(Bucket=where.bucket, Key=where.key)["Body"] as body:
        lines = body.read().splitlines(keepends=True)
    s3.put_object(Bucket=where.bucket, Key=where.key, Body=b"".join(lines[:-2]))
    (part,) = slices(s3, plan, block)
    with pytest.raises((ContractError, ClientError), match=r"10 entries|InvalidRange"):
        list(part)
