"""Heads fitted without each source in turn, and what they say of that source."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from batch_inference.cpus import available_cpus
from benchmarks.levers.feature import COPIES
from training.dataset import LabelledImage
from training.degrade import JUDGED, Variant
from training.head import Head
from training.probe import balance, fit_head
from training.vision import Array

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
# The embedded detector's own as of 1.1.0, which all levers were tried against.
LAYERS = (8, 10, 12)
STRENGTH = 0.001
GROUP_STEP = 0.5
GROUP_ROUNDS = 6


@dataclass(frozen=True)
class Groups:
    """What is learnt from in one fold: sample weights [M] and each sample's class and source."""

    target: Ints
    source: npt.NDArray[np.str_]
    weights: Floats


# Changes features [M, hidden] of one layer, before standardising; fitted on a fold's own samples.
Transform = Callable[[Array], Array]
MakeTransform = Callable[[Array, Groups], Transform]


def unchanged(_taps: Array, _groups: Groups) -> Transform:
    """Return the features as they are."""
    return lambda taps: taps


def unit_length(_taps: Array, _groups: Groups) -> Transform:
    """Bring each feature vector to length 1 (GenD, arXiv:2508.06248, does so before its head)."""
    return lambda taps: taps / np.linalg.norm(taps, axis=-1, keepdims=True)


def without_sources(strength: float) -> MakeTransform:
    """Shrink the directions in which sources of one class differ from each other.

    Within-class covariance normalisation (Hatch et al., Interspeech 2006), with the spread of the
    sources' means as the nuisance: such directions are divided by sqrt(1 + strength * variance).
    """

    def make(taps: Array, groups: Groups) -> Transform:
        mean, scale = taps.mean(axis=0), taps.std(axis=0).clip(1e-4)
        normal = (taps - mean) / scale
        spread = []
        for label in (0, 1):
            names = np.unique(groups.source[groups.target == label])
            means = np.stack(
                [
                    normal[(groups.target == label) & (groups.source == name)].mean(axis=0)
                    for name in names
                ]
            )
            spread.append(means - means.mean(axis=0))
        rows = np.concatenate(spread)
        _, size, axes = np.linalg.svd(rows / np.sqrt(len(rows)), full_matrices=False)
        shrink = 1 - 1 / np.sqrt(1 + strength * size**2)

        def apply(value: Array) -> Array:
            centred = (value - mean) / scale
            changed: Array = (centred - (centred @ axes.T * shrink) @ axes).astype(np.float32)
            return changed

        return apply

    return make


FitOne = Callable[[Array, Groups, float], Head]


def plain(taps: Array, groups: Groups, strength: float) -> Head:
    """Fit one logistic head on features [M, hidden]."""
    return fit_head(taps[:, None], groups.target, groups.weights, (0,), strength)


def worst_sources(taps: Array, groups: Groups, strength: float) -> Head:
    """Give sources that are still wrong more to say (group DRO, arXiv:1911.08731), in rounds."""
    keys = np.array([f"{t}/{s}" for t, s in zip(groups.target, groups.source, strict=True)])
    names = np.unique(keys)
    say = dict.fromkeys(names.tolist(), 1.0)
    head = plain(taps, groups, strength)
    for _ in range(GROUP_ROUNDS):
        logits = head.logits(taps[:, None]).astype(np.float64)
        loss = np.logaddexp(0, np.where(groups.target == 1, -logits, logits))
        for name in names.tolist():
            say[name] *= float(np.exp(GROUP_STEP * loss[keys == name].mean()))
        weights = groups.weights * np.array([say[key] for key in keys.tolist()])
        head = plain(taps, Groups(groups.target, groups.source, weights), strength)
    return head


def held_out(
    taps: dict[Variant, Array],
    images: Sequence[LabelledImage],
    *,
    learnt: Sequence[Variant] = COPIES,
    strength: float = STRENGTH,
    damping: float = 1.0,
    transform: MakeTransform = unchanged,
    fit: FitOne = plain,
) -> Floats:
    """Return logits [V, N] of the judged copies, by heads that never saw an image's source.

    Parameters
    ----------
    taps
        Float32 [N, T, width] of each copy: a head for each of the T, averaged.
    images
        The N images.
    learnt, strength, damping, transform, fit
        The levers.
    """
    source = np.array([image.source for image in images])
    target = np.array([image.target for image in images])
    depth = next(iter(taps.values())).shape[1]
    logits = np.zeros((depth, len(JUDGED), len(images)))

    def fold(job: tuple[str, int]) -> None:
        name, layer = job
        seen = np.flatnonzero(source != name)
        rows = np.concatenate([taps[copy][seen, layer] for copy in learnt])
        groups = Groups(
            np.tile(target[seen], len(learnt)),
            np.tile(source[seen], len(learnt)),
            np.tile(balance([images[i] for i in seen.tolist()], damping), len(learnt)),
        )
        change = transform(rows, groups)
        head = fit(change(rows), groups, strength)
        for number, copy in enumerate(JUDGED):
            mine = change(taps[copy][source == name, layer])
            logits[layer, number, source == name] = head.logits(mine[:, None])

    with threadpool_limits(1, "blas"), ThreadPoolExecutor(available_cpus()) as pool:
        jobs = [(name, layer) for name in np.unique(source).tolist() for layer in range(depth)]
        list(pool.map(fold, jobs))
    mean: Floats = logits.mean(axis=0)
    return mean
