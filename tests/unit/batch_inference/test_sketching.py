"""What is kept of scores and embeddings while images are scored."""

from typing import TYPE_CHECKING

import numpy as np
import pytest

from batch_inference.closeout import close_out
from batch_inference.engine import Scores
from batch_inference.job import score_shard
from batch_inference.sketching import Sketcher, directions, project
from detector.calibration import Calibration
from detector.package import DetectorPackage
from detector.sketch import DIRECTIONS, SCORE_BINS, Sketch
from tests.unit.batch_inference import support
from tests.unit.batch_inference.support import FakeEngine, InlineDecoder
from tests.unit.batch_inference.test_closeout import NOW

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CALIBRATION = Calibration(slope=2.0, intercept=0.5)


def test_directions_never_change() -> None:
    """References that were released hold only for these."""
    signs = directions(512)
    assert set(np.unique(signs).tolist()) == {-1.0, 1.0}
    assert signs[:2, :6].tolist() == [[1, 1, -1, -1, -1, -1], [-1, 1, 1, 1, 1, -1]]
    assert abs(signs.mean()) < 0.05


def test_a_projection_knows_no_length() -> None:
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(3, 512)).astype(np.float32)
    assert project(10 * embeddings) == pytest.approx(project(embeddings), abs=1e-6)
    assert np.isfinite(project(np.zeros((1, 512), np.float32))).all()


def test_scores_fall_into_bins_by_their_calibrated_log_odds() -> None:
    sketcher = Sketcher(CALIBRATION)
    logits = np.array([-100, -0.25, 0.0, 100], np.float32)
    sketcher.add(Scores(logits, np.ones((4, 512), np.float32)))
    sketch = sketcher.sketch
    middle = SCORE_BINS // 2
    assert sketch.images == sum(sketch.scores) == 4
    assert [n for n, count in enumerate(sketch.scores) if count] == [
        0, middle, middle + 1, SCORE_BINS - 1,
    ]  # fmt: skip


def test_what_is_no_number_is_left_out() -> None:
    sketcher = Sketcher(CALIBRATION)
    logits = np.array([np.nan, 1.0, np.inf], np.float32)
    embeddings = np.ones((3, 512), np.float32)
    sketcher.add(Scores(logits, embeddings))
    assert sketcher.sketch.images == 1
    embeddings[1] = np.nan
    sketcher.add(Scores(logits, embeddings))
    assert sketcher.sketch.images == 1
    assert np.isfinite(sketcher.sketch.seen).all()


def test_shards_sketches_are_the_batchs(
    s3: "S3Client", package: DetectorPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batch_inference.job.Decoder", InlineDecoder)
    files = {f"{n}.png": support.noise_png(n) for n in range(5)}
    files["bad.png"] = b"no image"
    plan = support.make_plan(s3, support.put_entries(s3, files), shards=2)
    records = [
        score_shard(
            plan,
            shard,
            s3=s3,
            package=package,
            engine=FakeEngine(),
            attempt=1,
            settings=support.FEW,
        )
        for shard in plan.shards
    ]
    sketches = [record.sketch or Sketch() for record in records]
    assert [sketch.images for sketch in sketches] == [3, 2]
    assert close_out(plan, s3=s3, now=NOW).sketch == sketches[0] + sketches[1]
    assert len(sketches[0].seen) == DIRECTIONS
