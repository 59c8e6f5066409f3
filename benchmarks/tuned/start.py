"""The frozen head of a fold: the baseline, and what tuning begins from."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from benchmarks.levers.fit import LAYERS, STRENGTH
from benchmarks.tuned.activation import Activations
from training.dataset import LabelledImage
from training.head import Head
from training.probe import MIN_SCALE, balance, fit_head
from training.vision import Array

__all__ = ["LAYERS", "lengths_alike", "start_head"]


def lengths_alike(normal: Array) -> Array:
    """Return standardised features [N, T, hidden], each layer's brought to the same length."""
    length = np.linalg.norm(normal, axis=2, keepdims=True)
    found: Array = normal / length * np.float32(normal.shape[2] ** 0.5)
    return found


def start_head(
    known: Activations,
    images: Sequence[LabelledImage],
    seen: npt.NDArray[np.int64],
    layers: tuple[int, ...],
    *,
    unit: bool = False,
) -> Head:
    """Fit a head on the frozen taps of all copies of the images ``seen``, sources weighed alike.

    With ``unit`` the head is one for standardised features of one length; without, it is the
    product's own.
    """
    index = [known.layers.index(layer) for layer in layers]
    taps = known.taps[seen][:, :, index]
    count = taps.shape[1]
    rows = taps.swapaxes(0, 1).reshape(-1, len(layers), taps.shape[-1])
    target = np.tile(np.array([images[i].target for i in seen.tolist()], np.int64), count)
    weights = np.tile(balance([images[i] for i in seen.tolist()]), count)
    if not unit:
        return fit_head(rows, target, weights, layers, STRENGTH)
    share = weights / weights.sum()
    mean = np.einsum("n,nth->th", share, rows).astype(np.float32)
    scale = np.sqrt(np.einsum("n,nth->th", share, (rows - mean) ** 2)).clip(MIN_SCALE)
    scale = scale.astype(np.float32)
    head = fit_head(lengths_alike((rows - mean) / scale), target, weights, layers, STRENGTH)
    # The second standardisation goes into weight and bias; the first stays.
    folded = head.folded()
    return replace(head, mean=mean, scale=scale, weight=folded.weight, bias=folded.bias)
