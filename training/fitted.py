"""Fit a head on a folder of labelled images, and write what came of it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from training.calibrate import Floats
from training.dataset import Dataset, LabelledImage
from training.degrade import JUDGED, LEARNT, Variant
from training.evaluation import climb
from training.fit import Fit, Tell, fit
from training.fitting import (
    Learnt,
    Naming,
    Setting,
    features_of,
    fitted_on,
    write_fitted,
)
from training.head import HeadRecord
from training.subject import (
    Subject,
    by_past,
    held_out_method,
    held_out_score,
    released_score,
)


def fit_folder(
    dataset: Dataset,
    out: Path,
    setting: Setting,
    naming: Naming,
    *,
    per_group: int = 0,
    left_out: Sequence[str] = (),
    tell: Tell = lambda _text: None,
    fitter: Callable[..., Fit] = fit,
) -> HeadRecord:
    """Fit a head and write it with its record, card and held-out evaluation into ``out``.

    Parameters
    ----------
    per_group
        Images of each class of each source that are taken up the ladder of degradations, judged
        by heads that never saw their source; 0 for no ladder.
    left_out
        Sources that are judged, and not learnt from.

    Raises
    ------
    training.dataset.DatasetError
        If there is no such source, or nothing can be learnt without them.
    """
    everything, dataset = dataset, dataset.without(left_out)
    images = dataset.images
    features = features_of(images, setting, LEARNT)
    found = fitter(features, images, setting.layers, learnt=LEARNT, tell=tell)
    learnt = Learnt.of(found, images, LEARNT)
    released = released_score(found.head, setting)
    if left_out:

        def said(_images: Sequence[LabelledImage], copies: Sequence[str]) -> dict[str, Floats]:
            return {copy: found.held_out[Variant(copy)] for copy in copies}

        logits = by_past(dataset.sources, said, released)(everything.images, JUDGED)
        learnt = replace(
            learnt,
            judged=everything.images,
            held_out={variant: logits[variant] for variant in JUDGED},
            method=held_out_method(sorted(left_out)),
        )
    if per_group:
        tell("judging on the ladder of degradations")
        held_out = held_out_score(images, LEARNT, found.head.layers, found.strength, setting)
        score = by_past(dataset.sources, held_out, released)
        name = f"{naming.name}@{naming.version}"
        subject = Subject(name, found.calibration, found.decision, learnt.method, score)
        learnt = replace(learnt, ladder=climb(subject, learnt.judged, per_group))
    data = fitted_on(dataset.root.name, dataset.digest(), dataset.images)
    return write_fitted(out, learnt, data, setting, naming)
