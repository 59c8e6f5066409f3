"""Somebody else's detector is judged on the same copies, by its own threshold."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from detector.verdict import Decision
from training.dataset import Dataset
from training.evaluation import judge
from training.outsider import METHOD, outsider

BANDS = Decision(threshold=0.5, unsure_from=0.5)


def smoothness(image: Image.Image) -> float:
    """Call smooth pictures AI, which the tests' own are."""
    rough = np.asarray(image, dtype=np.float64) - np.asarray(
        image.filter(ImageFilter.GaussianBlur(1)), dtype=np.float64
    )
    return float(np.abs(rough).mean() < 10)


def test_it_is_judged_like_ours(images: Dataset) -> None:
    told: list[tuple[int, int]] = []
    subject = outsider("smooth", smoothness, BANDS, lambda *done: told.append(done))
    found = judge(subject, images.images, data="made", per_group=2)
    first = found.report.variants[0]
    assert (first.real_right.value, first.ai_right.value) == (1, 1)
    assert first.unsure == 0
    assert found.report.method == METHOD
    assert found.report.detector == "smooth"
    assert told[len(images.images) - 1] == (24, 24)
    # It sees the degraded copies: a blurred photograph looks smooth to it.
    assert found.report.ladder is not None
    blurred = next(r for r in found.report.ladder.rungs if r.variant == "blur-2")
    assert blurred.real_right.value == 0


def test_what_is_no_probability_is_refused(images: Dataset) -> None:
    with pytest.raises(ValueError, match=r"bad gave 1\.5, which is no probability"):
        judge(outsider("bad", lambda _image: 1.5, BANDS), images.images, data="made")
    with pytest.raises(ValueError, match="no probability"):
        judge(outsider("bad", lambda _image: float("nan"), BANDS), images.images, data="made")
