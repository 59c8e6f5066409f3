"""Fit a head on a folder of labelled images, and write what came of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from training.dataset import Dataset
from training.degrade import Variant
from training.evaluation import climb
from training.fit import Fit, Tell, fit
from training.fitting import (
    HELD_OUT,
    Learnt,
    Naming,
    Setting,
    features_of,
    fitted_on,
    write_fitted,
)
from training.head import HeadRecord
from training.subject import Subject, held_out_score


def fit_folder(
    dataset: Dataset,
    out: Path,
    setting: Setting,
    naming: Naming,
    *,
    per_group: int = 0,
    tell: Tell = lambda _text: None,
    fitter: Callable[..., Fit] = fit,
) -> HeadRecord:
    """Fit a head and write it with its record, card and held-out evaluation into ``out``.

    Parameters
    ----------
    per_group
        Images of each class of each source that are taken up the ladder of degradations, judged
        by heads that never saw their source; 0 for no ladder.
    """
    variants, images = tuple(Variant), dataset.images
    features = features_of(images, setting, variants)
    found = fitter(features, images, setting.layers, learnt=variants, tell=tell)
    learnt = Learnt.of(found, images, variants)
    if per_group:
        tell("judging on the ladder of degradations")
        score = held_out_score(images, variants, found.head.layers, found.strength, setting)
        name = f"{naming.name}@{naming.version}"
        subject = Subject(name, found.calibration, found.decision, HELD_OUT, score)
        learnt = replace(learnt, ladder=climb(subject, images, per_group))
    data = fitted_on(dataset.root.name, dataset.digest(), images)
    return write_fitted(out, learnt, data, setting, naming)
