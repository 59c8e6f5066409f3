"""The linear probe: one standardised logistic head per tapped layer, averaged into one head."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from training.dataset import LabelledImage
from training.head import Head
from training.vision import Array

MAX_ITERATIONS = 2000
# A feature that hardly varies would be blown up by standardising.
MIN_SCALE = 1e-4


def balance(images: Sequence[LabelledImage], damping: float = 1.0) -> npt.NDArray[np.float64]:
    """Return a weight per image, mean 1: classes count equally, and so do sources in a class.

    Parameters
    ----------
    images
        The images.
    damping
        1 gives every source the same say; 0 every image; between, a source of n images has a say
        of ``n ** (1 - damping)``.
    """
    sizes = Counter((image.label, image.source) for image in images)
    raw = np.array([sizes[image.label, image.source] ** -damping for image in images])
    target = np.array([image.target for image in images])
    for label in (0, 1):
        raw[target == label] /= raw[target == label].sum()
    weights: npt.NDArray[np.float64] = raw * len(images) / raw.sum()
    return weights


def fit_head(
    taps: Array,
    target: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float64],
    layers: tuple[int, ...],
    strength: float,
) -> Head:
    """Fit one logistic head per layer and average them.

    Parameters
    ----------
    taps
        float32 [N, T, hidden].
    target
        1 for AI, 0 for real, [N].
    weights
        Weight of each sample, [N].
    layers
        The T layers, for the record.
    strength
        scikit-learn's C, the inverse of the L2 penalty.

    Raises
    ------
    ValueError
        If a head does not converge: it would be none.
    """
    share = weights / weights.sum()
    mean = np.einsum("n,nth->th", share, taps)
    scale = np.sqrt(np.einsum("n,nth->th", share, (taps - mean) ** 2)).clip(MIN_SCALE)
    coefficients, intercepts = [], []
    for number in range(len(layers)):
        model = LogisticRegression(C=strength, max_iter=MAX_ITERATIONS)
        model.fit((taps[:, number] - mean[number]) / scale[number], target, weights)
        if model.n_iter_[0] >= MAX_ITERATIONS:
            raise ValueError(
                f"the head of layer {layers[number]} did not converge in {MAX_ITERATIONS} steps; "
                "take a stronger penalty (smaller strengths)"
            )
        coefficients.append(model.coef_[0])
        intercepts.append(float(model.intercept_[0]))
    count = len(layers)
    return Head(
        layers=layers,
        mean=mean.astype(np.float32),
        scale=scale.astype(np.float32),
        weight=(np.array(coefficients) / count).astype(np.float32),
        bias=sum(intercepts) / count,
    )


def heads_without_source(
    learn: Sequence[Array],
    images: Sequence[LabelledImage],
    layers: tuple[int, ...],
    strength: float,
    damping: float = 1.0,
) -> dict[str, Head]:
    """Fit a head for every source, on the images of all others.

    Parameters
    ----------
    learn
        Taps of the variants to learn from, each float32 [N, T, hidden].
    images
        The N images.
    layers, strength, damping
        As of :func:`fit_head` and :func:`balance`.
    """
    sources = np.array([image.source for image in images])
    target = np.array([image.target for image in images])
    heads = {}
    for source in sorted(set(sources.tolist())):
        seen = np.flatnonzero(sources != source)
        weights = balance([images[i] for i in seen.tolist()], damping)
        heads[source] = fit_head(
            np.concatenate([taps[seen] for taps in learn]),
            np.tile(target[seen], len(learn)),
            np.tile(weights, len(learn)),
            layers,
            strength,
        )
    return heads


def logits_without_source(
    heads: Mapping[str, Head], taps: Array, images: Sequence[LabelledImage]
) -> npt.NDArray[np.float64]:
    """Score each image by the head that never saw its source.

    Parameters
    ----------
    heads
        As :func:`heads_without_source` gives them.
    taps
        float32 [N, T, hidden].
    images
        The N images.

    Returns
    -------
    Logits, float64 [N].
    """
    sources = np.array([image.source for image in images])
    logits = np.empty(len(images))
    for source in set(sources.tolist()):
        held = sources == source
        logits[held] = heads[source].logits(taps[held])
    return logits
