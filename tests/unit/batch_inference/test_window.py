"""While the engine is busy as much is fetched as all stages can hold, and no more."""

import time
from typing import TYPE_CHECKING, Any

from batch_inference.engine import Scores
from batch_inference.job import score_shard
from batch_inference.settings import Settings
from detector.package import DetectorPackage
from detector.preprocess import Pixels
from tests.unit.batch_inference.support import (
    FakeEngine,
    make_plan,
    noise_png,
    put_entries,
    read_rows,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

IMAGES = 120
FETCHERS, DECODERS, BATCH, LANES = 6, 2, 5, 2
# Fetched bytes are held by fetchers and decoders; the rest is decoded and waits for the engine.
BESIDE_ENGINE = FETCHERS + DECODERS
STILL_SECONDS, PATIENCE_SECONDS = 1.0, 30.0


class Stuck(FakeEngine):
    """Answers its first batch only once nothing more is fetched."""

    def __init__(self) -> None:
        super().__init__(batch_size=BATCH, lanes=LANES)
        self.fetched = 0
        # Of each lane that waited. When the first goes on, so does fetching.
        self.meanwhile: list[int] = []

    def count(self, params: dict[str, Any], **_event: object) -> None:
        """Count the images that are asked for."""
        self.fetched += params["url_path"].endswith(".png")

    def run(self, pixels: Pixels) -> Scores:
        """Wait until the count stays, then score."""
        if not self.meanwhile:
            seen, since, end = 0, time.monotonic(), time.monotonic() + PATIENCE_SECONDS
            while not self.meanwhile and time.monotonic() < min(end, since + STILL_SECONDS):
                if self.fetched != seen:
                    seen, since = self.fetched, time.monotonic()
                time.sleep(0.01)
            self.meanwhile.append(seen)
        return super().run(pixels)


def test_what_is_held_is_what_the_stages_can_use(s3: "S3Client", package: DetectorPackage) -> None:
    files = {f"{number:03d}.png": noise_png(number) for number in range(IMAGES)}
    plan = make_plan(s3, put_entries(s3, files), chunk_size=IMAGES)
    engine = Stuck()
    s3.meta.events.register("before-call.s3.GetObject", engine.count)
    settings = Settings(fetchers=FETCHERS, decoders=DECODERS)
    score_shard(
        plan, plan.shards[0], s3=s3, package=package, engine=engine, attempt=1, settings=settings
    )
    assert len(read_rows(s3, plan)) == IMAGES
    # Each lane runs a batch, another waits for it, and one can fill up.
    at_engine = 3 * LANES * BATCH
    assert at_engine < engine.meanwhile[0] <= at_engine + BESIDE_ENGINE < IMAGES
