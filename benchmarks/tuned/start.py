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


def fit_on(
    features: Array,
    images: Sequence[LabelledImage],
    seen: npt.NDArray[np.int64],
    layers: tuple[int, ...],
) -> Head:
    """Fit the product's head on features [N, C, T, width] of the images ``seen``, all copies.

    Sources weigh alike; the T ``layers`` are for the record.
    """
    rows, target, weights = _rows(features, images, seen)
    return fit_head(rows, target, weights, layers, STRENGTH)


def _rows(
    features: Array, images: Sequence[LabelledImage], seen: npt.NDArray[np.int64]
) -> tuple[Array, npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return features [C * seen, T, width], targets and weights, copy after copy."""
    count, depth, width = features.shape[1:]
    rows = features[seen].swapaxes(0, 1).reshape(-1, depth, width)
    target = np.array([images[i].target for i in seen.tolist()], np.int64)
    weights = balance([images[i] for i in seen.tolist()])
    return rows, np.tile(target, count), np.tile(weights, count)


def start_head(
    known: Activations,
    images: Sequence[LabelledImage],
    seen: npt.NDArray[np.int64],
    layers: tuple[int, ...],
    *,
    unit: bool = False,
) -> Head:
    """Return the frozen head on some layers; with ``unit`` one for features of one length."""
    taps = known.taps[:, :, [known.layers.index(layer) for layer in layers]]
    if not unit:
        return fit_on(taps, images, seen, layers)
    rows, target, weights = _rows(taps, images, seen)
    share = weights / weights.sum()
    mean = np.einsum("n,nth->th", share, rows).astype(np.float32)
    scale = np.sqrt(np.einsum("n,nth->th", share, (rows - mean) ** 2)).clip(MIN_SCALE)
    scale = scale.astype(np.float32)
    head = fit_head(lengths_alike((rows - mean) / scale), target, weights, layers, STRENGTH)
    # The second standardisation goes into weight and bias; the first stays.
    folded = head.folded()
    return replace(head, mean=mean, scale=scale, weight=folded.weight, bias=folded.bias)
