"""Workers that are kept between shards: the same for the same kind, none after a failure."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import psutil
import pytest

from batch_inference.fork_server import ForkServer
from batch_inference.job import score_shard
from batch_inference.kept_decoder import KeptDecoder
from batch_inference.settings import Settings
from detector.package import DetectorPackage, Preprocessing
from detector.plan import Limits
from tests.unit.batch_inference.support import (
    FakeEngine,
    make_plan,
    noise_png,
    put_entries,
    read_rows,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TWO = Settings(decoders=2)


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


def workers() -> set[int]:
    """Return the ids of what this process's children were forked to."""
    return {worker.pid for child in psutil.Process().children() for worker in child.children()}


@pytest.fixture
def kept() -> Iterator[KeptDecoder]:
    before = children()
    decoders = KeptDecoder(ForkServer())
    yield decoders
    decoders.close()
    assert children() == before


def test_the_next_shard_gets_the_same_workers(kept: KeptDecoder) -> None:
    before = workers()
    with kept(Preprocessing(), Limits(), TWO, thumbnails=True) as first:
        assert first.decode(noise_png(1)).error is None
        started = workers() - before
    assert len(started) == 2
    with kept(Preprocessing(), Limits(), TWO, thumbnails=True) as second:
        assert second.decode(noise_png(2)).error is None
    assert workers() - before == started


@pytest.mark.parametrize("other", ["size", "limit", "thumbnails"])
def test_another_kind_gets_workers_of_its_own(kept: KeptDecoder, other: str) -> None:
    before = workers()
    with kept(Preprocessing(), Limits(), TWO, thumbnails=True):
        started = workers() - before
    spec = Preprocessing(size=96) if other == "size" else Preprocessing()
    limits = Limits(decode_seconds=1.5) if other == "limit" else Limits()
    with kept(spec, limits, TWO, thumbnails=other != "thumbnails") as second:
        decoded = second.decode(noise_png(1))
        assert decoded.pixels is not None
        assert decoded.pixels.shape[0] == spec.size
        assert (decoded.thumbnail is None) == (other == "thumbnails")
    assert len(workers() - before) == 2
    assert not started & workers()


def test_after_a_failure_none_is_kept(kept: KeptDecoder) -> None:
    def fail() -> None:
        with kept(Preprocessing(), Limits(), TWO, thumbnails=True) as decoder:
            decoder.kill()
            raise RuntimeError("S3 is gone")

    before = workers()
    with pytest.raises(RuntimeError, match="S3 is gone"):
        fail()
    assert workers() <= before
    with kept(Preprocessing(), Limits(), TWO, thumbnails=True) as decoder:
        assert decoder.decode(noise_png(1)).error is None


def test_shards_are_scored_with_them(
    s3: "S3Client", package: DetectorPackage, kept: KeptDecoder
) -> None:
    before, seen = workers(), []
    for number in range(2):
        files = {f"{number}-{n}.png": noise_png(10 * number + n) for n in range(3)}
        plan = make_plan(s3, put_entries(s3, files), batch=f"kept-{number}")
        score_shard(
            plan,
            plan.shards[0],
            s3=s3,
            package=package,
            engine=FakeEngine(),
            attempt=1,
            settings=TWO,
            decoders=kept,
        )
        assert [row["verdict"] != "error" for row in read_rows(s3, plan)] == [True] * 3
        seen.append(workers() - before)
    assert len(seen[0]) == 2
    assert seen[0] == seen[1]
