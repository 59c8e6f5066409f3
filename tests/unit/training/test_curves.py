"""Curves and figures against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from detector.verdict import Decision
from training import curves
from training.curves import Curve, Floats, Ints

RNG = np.random.default_rng(5)
BANDS = Decision(threshold=0.8, unsure_from=0.3)


def sample(count: int = 400) -> tuple[Ints, Floats, Floats]:
    target = RNG.integers(0, 2, count)
    probability = 1 / (1 + np.exp(-RNG.normal(2 * target - 1, 1.5)))
    return target, probability, RNG.uniform(0.2, 3, count)


def test_areas_equal_those_of_scikit_learn() -> None:
    target, probability, weights = sample()
    roc = curves.roc_points(target, probability, weights)
    area = np.trapezoid(roc.y, roc.x)
    assert area == pytest.approx(roc_auc_score(target, probability, sample_weight=weights))
    expected = average_precision_score(target, probability, sample_weight=weights)
    assert curves.average_precision(target, probability, weights) == pytest.approx(expected)
    pr = curves.precision_recall_points(target, probability, weights)
    assert np.sum(np.diff(pr.x) * pr.y[1:]) == pytest.approx(expected)
    assert np.all(np.diff(pr.x) >= 0)


def test_area_by_pairs_equals_scikit_learn_s_with_ties_too() -> None:
    target, probability, weights = sample()
    for values in (probability, np.round(probability, 1), np.full(len(target), 0.5)):
        _, rank = np.unique(values, return_inverse=True)
        expected = roc_auc_score(target, values, sample_weight=weights)
        assert curves.area(target, rank, weights) == pytest.approx(expected, abs=1e-12)
        # A resample lacks some ranks.
        chosen = RNG.integers(0, len(target), len(target))
        expected = roc_auc_score(target[chosen], values[chosen], sample_weight=weights[chosen])
        found = curves.area(target[chosen], rank[chosen], weights[chosen])
        assert found == pytest.approx(expected, abs=1e-12)


def test_a_weight_of_two_is_the_image_twice() -> None:
    target, probability, _ = sample(100)
    weights = RNG.integers(1, 4, 100)
    often = (np.repeat(target, weights), np.repeat(probability, weights), np.ones(weights.sum()))
    once = (target, probability, weights.astype(np.float64))
    for fpr in (0.01, 0.05, 0.3):
        assert curves.tpr_at(*once, fpr) == pytest.approx(curves.tpr_at(*often, fpr))
    np.testing.assert_allclose(curves.confusion(*once, BANDS), curves.confusion(*often, BANDS))
    np.testing.assert_allclose(curves.histogram(*once), curves.histogram(*often))
    np.testing.assert_allclose(curves.reliability(*once), curves.reliability(*often))
    assert curves.average_precision(*once) == pytest.approx(curves.average_precision(*often))


def test_the_rate_at_a_false_positive_rate_by_hand() -> None:
    target = np.array([0] * 100 + [1] * 4)
    # The highest five real images lie at 0.90 to 0.94; AI images between and above.
    probability = np.concatenate([np.full(95, 0.1), 0.90 + np.arange(5) / 100])
    probability = np.concatenate([probability, [0.99, 0.935, 0.905, 0.05]])
    ones = np.ones(104)
    assert curves.tpr_at(target, probability, ones, 0.0) == 0.25
    assert curves.tpr_at(target, probability, ones, 0.01) == 0.5
    assert curves.tpr_at(target, probability, ones, 0.049) == 0.75
    assert curves.tpr_at(target, probability, ones, 1.0) == 1.0


def test_calibration_error_by_hand() -> None:
    # Ten images at 0.2 of which three are AI; ten at 0.9 of which nine are.
    target = np.array([1] * 3 + [0] * 7 + [1] * 9 + [0])
    probability = np.array([0.2] * 10 + [0.9] * 10)
    bins = curves.reliability(target, probability, np.ones(20))
    np.testing.assert_allclose(bins.predicted, [0.2, 0.9])
    np.testing.assert_allclose(bins.observed, [0.3, 0.9])
    np.testing.assert_allclose(bins.share, [0.5, 0.5])
    assert curves.expected_calibration_error(bins) == pytest.approx(0.5 * 0.1)


def test_bins_hold_the_same_weight_and_all_of_it() -> None:
    target, probability, weights = sample(3000)
    bins = curves.reliability(target, probability, weights)
    assert len(bins.share) == curves.ECE_BINS
    assert bins.share.sum() == pytest.approx(1)
    assert np.ptp(bins.share) < 0.003
    assert np.all(bins.low[1:] > bins.high[:-1])
    overall = np.sum(bins.share * bins.observed)
    assert overall == pytest.approx(np.average(target, weights=weights))


def test_a_calibrated_detector_has_next_to_no_calibration_error() -> None:
    probability = RNG.random(40_000)
    target = (RNG.random(40_000) < probability).astype(np.int64)
    good = curves.reliability(target, probability, np.ones(40_000))
    assert curves.expected_calibration_error(good) < 0.015
    skewed = curves.reliability(target, probability**3, np.ones(40_000))
    assert curves.expected_calibration_error(skewed) > 0.2


def test_the_order_of_images_does_not_matter() -> None:
    target, probability, weights = sample(200)
    probability = probability.round(1)
    order = RNG.permutation(200)
    np.testing.assert_allclose(
        curves.reliability(target, probability, weights),
        curves.reliability(target[order], probability[order], weights[order]),
    )


def test_confusion_at_the_edges_of_the_bands() -> None:
    probability = np.array([0.0, 0.3, 0.79, 0.8, 0.29, 1.0])
    target = np.array([0, 0, 0, 0, 1, 1])
    table = curves.confusion(target, probability, np.ones(6), BANDS)
    np.testing.assert_allclose(table, [[0.25, 0.5, 0.25], [0.5, 0.0, 0.5]])
    for row, value in enumerate(probability):
        called = curves.confusion(np.array([0, 1]), np.array([value, value]), np.ones(2), BANDS)[
            0
        ].argmax()
        assert ("real", "unsure", "ai")[called] == BANDS.verdict(value), row


def test_a_histogram_holds_everything() -> None:
    table = curves.histogram(np.array([0, 0, 1]), np.array([0.0, 1.0, 0.5]), np.ones(3), bins=4)
    np.testing.assert_allclose(table, [[0.5, 0.0, 0.0, 0.5], [0.0, 0.0, 1.0, 0.0]])


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    line = np.linspace(0, 1, 5000)
    short = curves.thinned(Curve(line, line**2))
    assert len(short.x) <= curves.CURVE_POINTS
    assert (short.x[0], short.x[-1], short.y[-1]) == (0, 1, 1)
    assert curves.thinned(short) is short
