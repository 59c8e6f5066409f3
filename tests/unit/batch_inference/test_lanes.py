"""An engine that runs several batches at once is kept busy, and no image is lost or doubled."""

import threading
from typing import TYPE_CHECKING

import pytest

from batch_inference.engine import Scores
from batch_inference.job import score_shard
from detector.package import DetectorPackage
from detector.preprocess import Pixels
from tests.unit.batch_inference.support import (
    FEW,
    FakeEngine,
    make_plan,
    noise_png,
    put_entries,
    read_rows,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

IMAGES = 40
SECONDS = 20


class Together(FakeEngine):
    """Answers only once as many runs are under way as it has lanes."""

    def __init__(self) -> None:
        """Take batches of one: however decoding goes, they are a multiple of the lanes."""
        super().__init__(batch_size=1, lanes=2)
        self.meeting = threading.Barrier(self.lanes)
        self.inside, self.most, self.lock = 0, 0, threading.Lock()

    def run(self, pixels: Pixels) -> Scores:
        """Wait for the other lanes, then score."""
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.meeting.wait(SECONDS)
        scores = super().run(pixels)
        with self.lock:
            self.inside -= 1
        return scores


class Broken(FakeEngine):
    """Fails in one of its lanes."""

    def run(self, pixels: Pixels) -> Scores:
        """Fail at the third batch."""
        if len(self.batches) >= 2:
            raise RuntimeError("the device is gone")
        return super().run(pixels)


def score(s3: "S3Client", package: DetectorPackage, engine: FakeEngine) -> list[str]:
    files = {f"{number:02d}.png": noise_png(number) for number in range(IMAGES)}
    plan = make_plan(s3, put_entries(s3, files), chunk_size=7)
    score_shard(
        plan, plan.shards[0], s3=s3, package=package, engine=engine, attempt=1, settings=FEW
    )
    return [row["key"] for row in read_rows(s3, plan)]


def test_all_lanes_run_at_once_and_no_more(s3: "S3Client", package: DetectorPackage) -> None:
    engine = Together()
    assert score(s3, package, engine) == [f"{number:02d}.png" for number in range(IMAGES)]
    assert engine.most == 2
    assert sum(engine.batches) == IMAGES


def test_a_lane_that_fails_ends_the_shard(s3: "S3Client", package: DetectorPackage) -> None:
    with pytest.raises(RuntimeError, match="the device is gone"):
        score(s3, package, Broken(batch_size=4, lanes=2))
