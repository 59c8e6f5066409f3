"""The promises behind the verdict bands."""

from pathlib import Path

import numpy as np
import pytest

from detector.evaluation import Label
from training.calibrate import (
    MAX_AI_CALLED_REAL,
    MAX_REAL_CALLED_AI,
    MAX_UNSURE,
    choose_bands,
    fit_platt,
    mean_rate,
    probabilities,
    rates_by_source,
)
from training.dataset import LabelledImage
from training.degrade import Variant
from training.report import measure

RNG = np.random.default_rng(11)


def images(count: int = 200) -> list[LabelledImage]:
    return [
        LabelledImage(Path(f"{label.value}/{n}.png"), label, f"{label.value}-{n % 3}")
        for label in Label
        for n in range(count)
    ]


def scores(
    some: list[LabelledImage], gap: float, rows: int = 2
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    target = np.array([image.target for image in some])
    return RNG.normal(0, 1, (rows, len(some))) + gap * (target - 0.5)


@pytest.mark.parametrize("gap", [0.5, 2.0, 6.0])
def test_the_bands_keep_their_promises(gap: float) -> None:
    some = images()
    target = np.array([image.target for image in some])
    logits = scores(some, gap)
    calibration = fit_platt(logits.ravel(), np.tile(target, 2), np.ones(2 * len(some)))
    chances = probabilities(logits, calibration)
    bands = choose_bands(chances, some)
    for row in chances:
        assert mean_rate(row >= bands.threshold, some, Label.REAL) <= MAX_REAL_CALLED_AI
    # And no more careful than that: a little lower would break it.
    assert any(
        mean_rate(row >= bands.threshold - 0.002, some, Label.REAL) > MAX_REAL_CALLED_AI
        for row in chances
    )
    inside = (chances >= bands.unsure_from) & (chances < bands.threshold)
    unsure = np.mean([mean_rate(row, some, label) for row in inside for label in Label])
    missed = np.mean([mean_rate(row < bands.unsure_from, some, Label.AI) for row in chances])
    assert unsure <= MAX_UNSURE
    assert missed <= MAX_AI_CALLED_REAL or unsure > MAX_UNSURE - 0.05


def test_calibration_recovers_known_chances() -> None:
    logits = RNG.normal(0, 2, 20_000)
    target = (RNG.random(20_000) < 1 / (1 + np.exp(-(0.7 * logits - 0.4)))).astype(np.int64)
    found = fit_platt(logits, target, np.ones(20_000))
    assert found.slope == pytest.approx(0.7, abs=0.05)
    assert found.intercept == pytest.approx(-0.4, abs=0.06)


def test_a_head_that_is_upside_down_is_refused() -> None:
    logits = np.linspace(-1, 1, 100)
    with pytest.raises(ValueError, match="no better than chance"):
        fit_platt(logits, (logits < 0).astype(np.int64), np.ones(100))


def test_sources_have_the_same_say() -> None:
    some = [LabelledImage(Path("a"), Label.REAL, "small")]
    some += [LabelledImage(Path("b"), Label.REAL, "large")] * 9
    hit = np.array([True] + [False] * 9)
    assert rates_by_source(hit, some, Label.REAL) == {"large": 0.0, "small": 1.0}
    assert mean_rate(hit, some, Label.REAL) == 0.5


def test_the_report_counts_verdicts_by_source() -> None:
    some = images(60)
    target = np.array([image.target for image in some])
    logits = scores(some, 3.0, rows=1)
    calibration = fit_platt(logits[0], target, np.ones(len(some)))
    bands = choose_bands(probabilities(logits, calibration), some)
    (result,) = measure({Variant.CLEAN: logits[0]}, some, calibration, bands)
    for source in result.sources:
        total = source.called_ai + source.called_unsure + source.called_real
        assert total == pytest.approx(1, abs=1e-3)
        assert source.right.low <= source.right.value <= source.right.high
        assert source.images == 20
    assert result.real_right.value >= 1 - MAX_REAL_CALLED_AI - 1e-4
    assert result.worst_real.called_ai == max(
        s.called_ai for s in result.sources if s.label is Label.REAL
    )
    assert result.auc.value > 0.9
