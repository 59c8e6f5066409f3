"""Fit a head, choosing everything by how it does on sources it never saw."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from batch_inference.cpus import available_cpus
from detector.calibration import Calibration
from detector.verdict import Decision
from training.calibrate import Floats, calibrate
from training.dataset import LabelledImage
from training.degrade import JUDGED, LEARNT, Variant
from training.features import Copy
from training.head import Head
from training.probe import balance, fit_head, heads_without_source, logits_without_source
from training.vision import Array

# Inverse L2 penalties tried; all strong, since there are about as many features as images.
STRENGTHS = (0.001, 0.003)
# Layers in a set at most: more gain nothing on unseen sources, and leave more to chance
# (docs/experiments.md).
MOST_LAYERS = 3

Features = dict[Variant, Array]
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Fit:
    """A fitted head with its calibration and bands.

    ``held_out`` are the logits [N] of each judged variant, each image scored by a head that never
    saw its source; ``auc`` is their weighted AUC, the mean over variants.
    """

    head: Head
    strength: float
    calibration: Calibration
    decision: Decision
    held_out: dict[Variant, Floats]
    auc: float


def layer_sets(layers: Sequence[int], most: int = MOST_LAYERS) -> list[tuple[int, ...]]:
    """Return the sets of up to ``most`` layers, small sets first: what is compared."""
    sizes = range(1, most + 1)
    return [chosen for size in sizes for chosen in itertools.combinations(layers, size)]


def weighted_auc(logits: Floats, images: Sequence[LabelledImage]) -> float:
    """Return the AUC with classes and sources weighing the same, the mean over rows [V, N]."""
    target, weights = [image.target for image in images], balance(images)
    return float(np.mean([roc_auc_score(target, row, sample_weight=weights) for row in logits]))


def heads_by_layer(
    features: Mapping[Copy, Array],
    learnt: Sequence[Copy],
    images: Sequence[LabelledImage],
    layers: tuple[int, ...],
    strength: float,
) -> dict[int, dict[str, Head]]:
    """Return, for each layer alone and each source, the head that never saw that source."""

    def fitted(number: int) -> dict[str, Head]:
        learn = [features[v][:, [number]] for v in learnt]
        return heads_without_source(learn, images, (layers[number],), strength)

    # A layer a thread and one thread for the sums of each: the matrices are too narrow for more,
    # and BLAS's own threads make it four times slower. The results are the same to the bit.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(available_cpus()) as pool:
        return dict(zip(layers, pool.map(fitted, range(len(layers))), strict=True))


def held_out_logits(
    heads: Mapping[int, Mapping[str, Head]], taps: Array, images: Sequence[LabelledImage]
) -> Floats:
    """Return the logits [T, N] of the heads of T layers; ``taps`` are [N, T, hidden] of just these.

    The mean over layers is what the averaged head says.
    """
    return np.stack(
        [
            logits_without_source(by_source, taps[:, [number]], images)
            for number, by_source in enumerate(heads.values())
        ]
    )


def judged_logits(
    features: Mapping[Variant, Array],
    learnt: Sequence[Variant],
    images: Sequence[LabelledImage],
    layers: tuple[int, ...],
    strength: float,
) -> dict[int, Floats]:
    """Return, for each layer alone, the logits [V, N] of the judged variants.

    Each image is scored by the head that never saw its source.
    """
    heads = heads_by_layer(features, learnt, images, layers, strength)
    rows = np.stack([held_out_logits(heads, features[v], images) for v in JUDGED], axis=1)
    return dict(zip(layers, rows, strict=True))


def fit(
    features: Features,
    images: Sequence[LabelledImage],
    layers: tuple[int, ...],
    *,
    learnt: Sequence[Variant] = LEARNT,
    strengths: Sequence[float] = STRENGTHS,
    tell: Tell = lambda _text: None,
) -> Fit:
    """Choose layers and strength, calibrate, choose the bands; then fit on all images.

    Parameters
    ----------
    features
        Taps [N, T, hidden] of every variant.
    images
        The N images.
    layers
        The T layers.
    learnt
        Variants to learn from.
    strengths
        Inverse penalties to compare.
    tell
        Told one line for each step.

    Raises
    ------
    ValueError
        If no head does better than chance on unseen sources, or there is nothing to choose from.
    """
    # Only the best is kept: a large encoder has thousands of sets.
    best: tuple[float, float, tuple[int, ...], Floats] | None = None
    for strength in strengths:
        single = judged_logits(features, learnt, images, layers, strength)
        for chosen in layer_sets(layers):
            # The mean of heads is the head of the means, so sets cost no further fit.
            logits = np.mean([single[layer] for layer in chosen], axis=0)
            area = weighted_auc(logits, images)
            if best is None or area > best[0]:
                best = (area, strength, chosen, logits)
        if best:
            tell(f"strength {strength}: held-out AUC up to {best[0]:.3f}")
    if best is None:
        raise ValueError("there are no layers or strengths to choose from")
    auc, strength, chosen, logits = best
    tell(f"chosen: strength {strength}, layers {chosen}")
    calibration, decision = calibrate(logits, images)
    tell(f"threshold {decision.threshold}, unsure from {decision.unsure_from}")
    index = [layers.index(layer) for layer in chosen]
    target, weights = np.array([image.target for image in images]), balance(images)
    head = fit_head(
        np.concatenate([features[variant][:, index] for variant in learnt]),
        np.tile(target, len(learnt)),
        np.tile(weights, len(learnt)),
        chosen,
        strength,
    )
    held_out = dict(zip(JUDGED, logits, strict=True))
    return Fit(head, strength, calibration, decision, held_out, auc)
