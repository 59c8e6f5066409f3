"""Which copies to learn from: how scores hold where images are cropped, shrunk or blurred."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from detector.evaluation import Label
from detector.verdict import Decision
from training.calibrate import Floats, calibrate, mean_rate, probabilities
from training.dataset import LabelledImage
from training.degrade import JUDGED, LEARNT, Variant
from training.fit import fit
from training.fitting import Setting, features_of
from training.probe import balance
from training.subject import held_out_score

# Rungs of training.ladder that edits are like, beside the copies that a release is judged on.
EDITS = ("crop-50", "resize-25", "blur-2")
BEFORE = (*JUDGED, Variant.LIGHT, Variant.ROUGH)
COPIES: dict[str, tuple[Variant, ...]] = {
    "clean, web, hard, light, rough (before)": BEFORE,
    "without light": (*JUDGED, Variant.ROUGH),
    "edited in place of light": LEARNT,
    "edited beside light": (*BEFORE, Variant.EDITED),
    "clean, web, hard": JUDGED,
}


@dataclass(frozen=True)
class Trial:
    """What was chosen, and logits [V, N] of judged copies and of edits, of sources never seen."""

    layers: tuple[int, ...]
    judged: Floats
    edits: Floats


def attempt(learnt: Sequence[Variant], images: Sequence[LabelledImage], setting: Setting) -> Trial:
    """Fit as a release is fitted, from these copies."""
    needed = tuple(dict.fromkeys((*learnt, *JUDGED)))
    features = features_of(images, setting, needed)
    found = fit(features, images, setting.layers, learnt=learnt)
    score = held_out_score(images, learnt, found.head.layers, found.strength, setting)
    said = score(images, EDITS)
    return Trial(
        found.head.layers,
        np.stack([found.held_out[copy] for copy in JUDGED]),
        np.stack([said[copy] for copy in EDITS]),
    )


def pooled_auc(logits: Floats, images: Sequence[LabelledImage]) -> float:
    """Return the AUC of all copies together, [C, N]: one threshold has to serve them all."""
    target, weights = [image.target for image in images], balance(images)
    copies = len(logits)
    area = roc_auc_score(
        np.tile(target, copies), logits.ravel(), sample_weight=np.tile(weights, copies)
    )
    return float(area)


def rates(row: Floats, decision: Decision, images: Sequence[LabelledImage]) -> dict[str, float]:
    """Return the shares of real photographs not called ``ai``, and of AI images that are."""
    said = row >= decision.threshold
    return {
        "real": round(1 - mean_rate(said, images, Label.REAL), 4),
        "ai": round(mean_rate(said, images, Label.AI), 4),
    }


def at_threshold(
    judged: Floats, images: Sequence[LabelledImage], edits: Floats | None = None
) -> dict[str, dict[str, float]]:
    """Return :func:`rates` of every copy, at the threshold that a release would have."""
    calibration, decision = calibrate(judged, images)
    rows = dict(zip(JUDGED, judged, strict=True))
    named: dict[str, Floats] = {copy.value: row for copy, row in rows.items()}
    if edits is not None:
        named |= dict(zip(EDITS, edits, strict=True))
    return {
        name: rates(probabilities(row, calibration), decision, images)
        for name, row in named.items()
    }
