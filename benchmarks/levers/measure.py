"""How far a lever moves what counts: images of sources that its heads never saw."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmarks.levers.fit import Floats
from training import curves
from training.dataset import LabelledImage
from training.degrade import JUDGED
from training.probe import balance

RESAMPLES = 1000
SEED = 20261126
# Real photographs accused, at which AI images found are counted.
ACCUSED = 0.05


@dataclass(frozen=True)
class Measured:
    """A lever's figures: sources of a class weigh the same; leave one source out.

    ``auc`` by copy; ``found`` is the share of AI images found where 5% of real photographs are
    accused, the mean over copies; ``gain`` is the mean AUC less the baseline's with its 95%
    interval, images drawn anew within their sources, the same for both.
    """

    auc: dict[str, float]
    mean_auc: float
    found: float
    worst_source: str
    worst_found: float
    gain: float
    low: float
    high: float

    def record(self) -> dict[str, Any]:
        """Return the figures rounded, for JSON."""
        rounded = asdict(self)
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in rounded.items()}


def _auc(logits: Floats, images: Sequence[LabelledImage], chosen: np.ndarray[Any, Any]) -> float:
    target = np.array([image.target for image in images], np.int64)
    weights = balance(images)
    areas = []
    for row in logits:
        _, ranks = np.unique(row, return_inverse=True)
        areas.append(curves.area(target[chosen], ranks[chosen], weights[chosen]))
    return float(np.mean(areas))


def resamples(images: Sequence[LabelledImage]) -> list[np.ndarray[Any, Any]]:
    """Return numbers of images drawn anew within each class of each source, many times."""
    groups: dict[tuple[str, str], list[int]] = {}
    for number, image in enumerate(images):
        groups.setdefault((image.label.value, image.source), []).append(number)
    rng = np.random.default_rng(SEED)
    members = [np.array(group) for group in groups.values()]
    return [
        np.concatenate([rng.choice(group, len(group)) for group in members])
        for _ in range(RESAMPLES)
    ]


def _found(logits: Floats, images: Sequence[LabelledImage]) -> tuple[float, str, float]:
    """Return the AI images found at 5% accused: all, and those of the worst source."""
    target = np.array([image.target for image in images], np.int64)
    weights = balance(images)
    source = np.array([image.source for image in images])
    shares: dict[str, list[float]] = {}
    for row in logits:
        order = np.argsort(-row[target == 0])
        accused = np.cumsum(weights[target == 0][order]) / weights[target == 0].sum()
        bar = row[target == 0][order][int(np.searchsorted(accused, ACCUSED))]
        for name in np.unique(source[target == 1]).tolist():
            mine = row[(target == 1) & (source == name)]
            shares.setdefault(name, []).append(float((mine > bar).mean()))
    means = {name: float(np.mean(values)) for name, values in shares.items()}
    worst = min(means, key=lambda name: means[name])
    return float(np.mean(list(means.values()))), worst, means[worst]


def measure(logits: Floats, baseline: Floats, images: Sequence[LabelledImage]) -> Measured:
    """Return the figures of logits [V, N] of the judged copies, against the baseline's."""
    everyone = np.arange(len(images))
    by_copy = {
        copy.value: _auc(row[None], images, everyone)
        for copy, row in zip(JUDGED, logits, strict=True)
    }
    mean = float(np.mean(list(by_copy.values())))
    drawn = [
        _auc(logits, images, chosen) - _auc(baseline, images, chosen)
        for chosen in resamples(images)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    found, worst, least = _found(logits, images)
    return Measured(
        auc={copy: round(value, 4) for copy, value in by_copy.items()},
        mean_auc=mean,
        found=found,
        worst_source=worst,
        worst_found=least,
        gain=mean - _auc(baseline, images, everyone),
        low=float(low),
        high=float(high),
    )
