"""A detector's figures against the baseline's, on the same images in the same folds."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.levers.measure import ACCUSED, measure, resamples
from benchmarks.tuned.tuning import Floats
from training.dataset import LabelledImage
from training.probe import balance


def bars(
    logits: Floats, images: Sequence[LabelledImage], folds: Sequence[frozenset[str]]
) -> Floats:
    """Return each fold's threshold [F]: where 5% of the other folds' real photographs lie above.

    Parameters
    ----------
    logits
        float64 [V, N], all copies together.
    images, folds
        The N images, and the folds' sources.
    """
    source = np.array([image.source for image in images])
    target = np.array([image.target for image in images])
    weights = balance(images)
    found = []
    for fold in folds:
        others = (target == 0) & ~np.isin(source, sorted(fold))
        values = logits[:, others].ravel()
        weight = np.tile(weights[others], len(logits))
        order = np.argsort(values)
        place = np.cumsum(weight[order]) / weight.sum()
        found.append(values[order][int(np.searchsorted(place, 1 - ACCUSED))])
    return np.array(found)


def above_bars(
    logits: Floats, images: Sequence[LabelledImage], folds: Sequence[frozenset[str]]
) -> Floats:
    """Return the share of each image's copies called AI at its fold's threshold, [N]."""
    source = np.array([image.source for image in images])
    above = np.empty(logits.shape)
    for fold, bar in zip(folds, bars(logits, images, folds), strict=True):
        held = np.isin(source, sorted(fold))
        above[:, held] = logits[:, held] > bar
    share: Floats = above.mean(axis=0)
    return share


def compare(
    logits: Floats,
    baseline: Floats,
    images: Sequence[LabelledImage],
    folds: Sequence[frozenset[str]],
) -> dict[str, Any]:
    """Return the levers' figures, and AI found at a threshold that other folds set."""
    target = np.array([image.target for image in images])
    weights = balance(images)
    mine, theirs = (above_bars(rows, images, folds) for rows in (logits, baseline))

    def mean(share: Floats, label: int, chosen: npt.NDArray[np.int64]) -> float:
        kept = chosen[target[chosen] == label]
        return float(np.average(share[kept], weights=weights[kept]))

    everyone = np.arange(len(images))
    gains = [mean(mine - theirs, 1, chosen) for chosen in resamples(images)]
    low, high = np.quantile(gains, [0.025, 0.975])
    figures = {
        "real_accused": mean(mine, 0, everyone),
        "ai_found": mean(mine, 1, everyone),
        "ai_found_gain": mean(mine - theirs, 1, everyone),
        "ai_found_low": float(low),
        "ai_found_high": float(high),
    }
    rounded = {name: round(value, 4) for name, value in figures.items()}
    return {**measure(logits, baseline, images).record(), **rounded}
