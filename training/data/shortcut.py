"""A classifier that never sees a pixel: what format and size alone give away."""

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from pydantic import Field
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from threadpoolctl import threadpool_limits

from batch_inference.sniff import Format
from detector.contract import Part
from detector.evaluation import Label
from training.data.catalog import CatalogEntry

FOLDS = 5
# Enough to find a rule of a few sizes; more would take time and tell nothing else.
ROUNDS, DEPTH, LEAF = 60, 3, 10
# Images looked at; drawn evenly where there are more.
MOST = 20_000
FEATURES = (
    "width", "height", "bytes", "aspect", "bytes per pixel", "quantisation", "EXIF",
    *(f"is {kind.value}" for kind in Format),
)  # fmt: skip

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Shortcut(Part):
    """How well the classes are told apart without a look at them (0.5: not at all).

    ``auc`` is five-fold at random: what a careless test would reward. ``auc_by_source`` is on
    sources that were not learnt from, where there are enough. ``separations`` gives the AUC of each
    single measure.
    """

    auc: float | None = None
    auc_by_source: float | None = None
    separations: dict[str, float] = Field(default_factory=dict)


def features(entries: Sequence[CatalogEntry]) -> Floats:
    """Return what is known of each image but its content, [images, features]."""
    kinds = [kind.value for kind in Format]
    rows = [
        [
            e.width, e.height, e.bytes, e.width / max(1, e.height),
            e.bytes / max(1, e.width * e.height), e.quantisation, float(e.exif),
            *(float(e.format == kind) for kind in kinds),
        ]
        for e in entries
    ]  # fmt: skip
    return np.array(rows, np.float64).reshape(len(entries), len(FEATURES))


def _auc(values: Floats, target: Ints, folds: Iterator[tuple[Ints, Ints]]) -> float | None:
    found, weights = [], []
    for learn, judge in folds:
        if len(set(target[learn].tolist())) < 2 or len(set(target[judge].tolist())) < 2:
            continue
        model = HistGradientBoostingClassifier(
            max_iter=ROUNDS, max_depth=DEPTH, min_samples_leaf=LEAF, early_stopping=False,
            class_weight="balanced", random_state=0,
        )  # fmt: skip
        model.fit(values[learn], target[learn])
        found.append(roc_auc_score(target[judge], model.predict_proba(values[judge])[:, 1]))
        weights.append(len(judge))
    return round(float(np.average(found, weights=weights)), 4) if found else None


def find_shortcut(entries: Sequence[CatalogEntry]) -> Shortcut:
    """Measure how far format and size tell the classes apart."""
    step = -(-len(entries) // MOST) or 1
    some = sorted(entries, key=lambda e: e.sha256)[::step]
    target = np.array([int(e.label is Label.AI) for e in some], np.int64)
    least = min(int((target == 0).sum()), int((target == 1).sum()))
    if least < 2:
        return Shortcut()
    values, groups = features(some), np.array([e.source for e in some])
    random = StratifiedKFold(min(FOLDS, least), shuffle=True, random_state=0)
    sources = min(len({e.source for e in some if e.label is label}) for label in Label)
    by_source = None
    # One thread: for tables this small more of them mostly wait for each other.
    with warnings.catch_warnings(), threadpool_limits(1, user_api="openmp"):
        # Fewer groups than folds would like; what comes of it is checked fold by fold.
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        if sources > 1:
            folds = StratifiedGroupKFold(min(FOLDS, sources), shuffle=True, random_state=0)
            by_source = _auc(values, target, folds.split(values, target, groups))
        auc = _auc(values, target, random.split(values, target))
    return Shortcut(auc=auc, auc_by_source=by_source, separations=_separations(values, target))


def _separations(values: Floats, target: Ints) -> dict[str, float]:
    found = {}
    for name, column in zip(FEATURES, values.T, strict=True):
        if column.min() < column.max():
            auc = float(roc_auc_score(target, column))
            found[name] = round(max(auc, 1 - auc), 4)
    return dict(sorted(found.items(), key=lambda item: -item[1]))
