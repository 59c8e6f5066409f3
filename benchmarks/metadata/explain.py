"""How far a classifier of bare files goes on sources it never saw, and what it leaves unsaid."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier

from benchmarks.levers.measure import resamples
from training import curves
from training.dataset import LabelledImage
from training.probe import balance

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
STRATA = 5
SEED = 20261127


@dataclass(frozen=True)
class Interval:
    """A figure and its 95% bootstrap interval: images drawn anew within class and source."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Explained:
    """What bare files say of a copy's images, beside the detector; sources weigh the same.

    ``files`` and ``detector`` are areas under the ROC, every image judged by what never saw its
    source. ``within`` is the detector's area among images that their files make equally likely to
    be AI: the mean over fifths of the files' own score. ``real`` and ``ai`` are Spearman's rank
    correlation of the two scores within a class.
    """

    files: Interval
    detector: Interval
    within: Interval
    real: float
    ai: float

    def record(self) -> dict[str, Any]:
        """Return the figures rounded, for JSON."""

        def rounded(value: Any) -> Any:
            if isinstance(value, dict):
                return {name: rounded(part) for name, part in value.items()}
            return round(value, 4)

        found: dict[str, Any] = rounded(asdict(self))
        return found


def logits_of_files(facts: Floats, images: Sequence[LabelledImage]) -> Floats:
    """Return logits [N] of boosted trees on ``facts`` [N, F], each fitted without the source."""
    target, weights = _target(images), balance(images)
    source = np.array([image.source for image in images])
    logits = np.empty(len(images))
    for name in np.unique(source):
        held = source == name
        trees = HistGradientBoostingClassifier(max_depth=3, min_samples_leaf=20, random_state=SEED)
        trees.fit(facts[~held], target[~held], sample_weight=weights[~held])
        logits[held] = trees.decision_function(facts[held])
    return logits


def _target(images: Sequence[LabelledImage]) -> Numbers:
    return np.array([image.target for image in images], np.int64)


def _area(score: Floats, target: Numbers, weights: Floats) -> float:
    _, ranks = np.unique(score, return_inverse=True)
    return curves.area(target, ranks, weights)


def fifths(files: Floats, weights: Floats) -> Numbers:
    """Return in which fifth of all weight, by the files' score, each image lies."""
    order = np.argsort(files, kind="stable")
    passed = np.cumsum(weights[order]) / weights.sum()
    found = np.empty(len(files), np.int64)
    found[order] = np.minimum((passed * STRATA).astype(np.int64), STRATA - 1)
    return found


def _within(detector: Floats, target: Numbers, weights: Floats, stratum: Numbers) -> float:
    """Return the mean of the strata's areas, each with the weight of its rarer class."""
    areas, says = [], []
    for number in range(STRATA):
        mine = stratum == number
        say = min(weights[mine & (target == label)].sum() for label in (0, 1))
        if say:
            areas.append(_area(detector[mine], target[mine], weights[mine]))
            says.append(say)
    return float(np.average(areas, weights=says))


def _correlation(one: Floats, other: Floats) -> float:
    """Return Spearman's rank correlation; equal values have one rank."""
    ranks = [np.unique(values, return_inverse=True)[1] for values in (one, other)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def explain(files: Floats, detector: Floats, images: Sequence[LabelledImage]) -> Explained:
    """Hold the detector's logits [N] against those of bare files [N]."""
    target, weights = _target(images), balance(images)
    stratum = fifths(files, weights)

    def figures(chosen: Numbers) -> tuple[float, float, float]:
        t, w = target[chosen], weights[chosen]
        return (
            _area(files[chosen], t, w),
            _area(detector[chosen], t, w),
            _within(detector[chosen], t, w, stratum[chosen]),
        )

    drawn = np.array([figures(chosen) for chosen in resamples(images)])
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    found = figures(np.arange(len(images)))
    areas = [Interval(*parts) for parts in zip(found, low.tolist(), high.tolist(), strict=True)]
    real, ai = (_correlation(files[target == c], detector[target == c]) for c in (0, 1))
    return Explained(areas[0], areas[1], areas[2], real, ai)
