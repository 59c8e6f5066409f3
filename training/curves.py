"""Curves and figures of a detector's probabilities, each source of a class with the same say.

Functions take a target [N] (1 for AI, 0 for real), probabilities [N] and weights [N], as
:func:`training.probe.balance` gives them, and know nothing of images.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_curve

from detector.verdict import Decision

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ECE_BINS = 15
HISTOGRAM_BINS = 20
# A stored curve holds at most so many points: enough for a figure, and small.
CURVE_POINTS = 200


class Curve(NamedTuple):
    """Points of a curve, float64 [K] each."""

    x: Floats
    y: Floats


class Bins(NamedTuple):
    """Reliability by bins of probability, [B] each: bounds, means, share of all weight."""

    low: Floats
    high: Floats
    predicted: Floats
    observed: Floats
    share: Floats


def roc_points(target: Ints, probability: Floats, weights: Floats) -> Curve:
    """Return the ROC: x the share of real called AI, y the share of AI called AI."""
    x, y, _ = roc_curve(target, probability, sample_weight=weights, drop_intermediate=True)
    return Curve(x, y)


def precision_recall_points(target: Ints, probability: Floats, weights: Floats) -> Curve:
    """Return precision (y) by recall (x), recall ascending."""
    y, x, _ = precision_recall_curve(target, probability, sample_weight=weights)
    return Curve(x[::-1], y[::-1])


def average_precision(target: Ints, probability: Floats, weights: Floats) -> float:
    """Return the average precision; 0.5 is chance, since both classes weigh the same."""
    return float(average_precision_score(target, probability, sample_weight=weights))


def area(target: Ints, rank: Ints, weights: Floats) -> float:
    """Return the area under the ROC, by Mann and Whitney's count of pairs in the right order.

    The same as scikit-learn's to rounding, without its checks of every argument, which take most of
    the time when a bootstrap asks again and again.

    Parameters
    ----------
    target, weights
        As above.
    rank
        Ranks [N] of the probabilities from 0 up, equal ones alike, for example the inverse that
        :func:`numpy.unique` returns.
    """
    ai = np.bincount(rank, weights * target)
    real = np.bincount(rank, weights * (1 - target))
    below = np.cumsum(real) - real
    return float(ai @ (below + real / 2) / (ai.sum() * real.sum()))


def tpr_at(target: Ints, probability: Floats, weights: Floats, fpr: float) -> float:
    """Return the largest share of AI found by a threshold that accuses at most ``fpr`` of real.

    No interpolation: a threshold between two images does what one of its neighbours does.
    """
    x, y, _ = roc_curve(target, probability, sample_weight=weights, drop_intermediate=False)
    # Sums of weights are not exact.
    return float(y[x <= fpr + 1e-12].max())


def reliability(target: Ints, probability: Floats, weights: Floats, bins: int = ECE_BINS) -> Bins:
    """Return predicted probability against observed share, in bins of equal weight.

    Images of equal probability are never parted, so that the order of the images does not matter;
    bins are then fewer or unequal.
    Source: Naeini, Cooper, Hauskrecht, "Obtaining well calibrated probabilities using Bayesian
    binning", AAAI 2015.
    """
    values, where = np.unique(probability, return_inverse=True)
    weight = np.bincount(where, weights)
    hits = np.bincount(where, weights * target)
    total = weight.sum()
    # Each value goes to the bin in which the middle of its weight lies.
    middle = (np.cumsum(weight) - weight / 2) / total
    number = np.minimum((middle * bins).astype(np.int64), bins - 1)
    used = np.unique(number)
    sums = np.bincount(number, weight)[used]
    return Bins(
        low=np.array([values[number == b].min() for b in used]),
        high=np.array([values[number == b].max() for b in used]),
        predicted=np.bincount(number, weight * values)[used] / sums,
        observed=np.bincount(number, hits)[used] / sums,
        share=sums / total,
    )


def expected_calibration_error(bins: Bins) -> float:
    """Return the mean distance of predicted and observed, bins weighing as their images do.

    Source: Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", ICML 2017,
    equation 3.
    """
    return float(np.sum(bins.share * np.abs(bins.predicted - bins.observed)))


def confusion(target: Ints, probability: Floats, weights: Floats, decision: Decision) -> Floats:
    """Return the shares called real, unsure and ai (columns) of real and AI images (rows).

    Returns
    -------
    float64 [2, 3]; each row adds up to 1.
    """
    called = np.digitize(probability, [decision.unsure_from, decision.threshold])
    table = np.zeros((2, 3))
    np.add.at(table, (target, called), weights)
    shares: Floats = table / table.sum(axis=1, keepdims=True)
    return shares


def histogram(
    target: Ints, probability: Floats, weights: Floats, bins: int = HISTOGRAM_BINS
) -> Floats:
    """Return the shares of real and AI images (rows) in equal bins of probability from 0 to 1.

    Returns
    -------
    float64 [2, bins]; each row adds up to 1.
    """
    rows = []
    for label in (0, 1):
        mine = target == label
        counts, _ = np.histogram(probability[mine], bins, (0.0, 1.0), weights=weights[mine])
        rows.append(counts / weights[mine].sum())
    return np.array(rows)


def thinned(curve: Curve, points: int = CURVE_POINTS) -> Curve:
    """Return a curve with at most so many points, its ends kept."""
    if len(curve.x) <= points:
        return curve
    kept = np.unique(np.linspace(0, len(curve.x) - 1, points).round().astype(np.int64))
    return Curve(curve.x[kept], curve.y[kept])
