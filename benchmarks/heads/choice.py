"""Which sets of layers to choose among, the choice made anew without each source."""

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from training.calibrate import Floats
from training.dataset import LabelledImage
from training.degrade import JUDGED, Variant
from training.fit import STRENGTHS, judged_logits, layer_sets, weighted_auc
from training.vision import Array

Sets = list[tuple[int, ...]]
# Logits [V, N] of the judged copies by the head of a layer at a strength.
Grid = Mapping[tuple[float, int], Floats]


def runs(layers: Sequence[int]) -> Sets:
    """Return runs of 1, 2, 3 or 5 neighbours, and every other layer: the sets before 1.4.0."""
    pairs = itertools.product(range(len(layers)), (1, 2, 3, 5))
    neighbours = [tuple(layers[i : i + n]) for i, n in pairs if i + n <= len(layers)]
    return neighbours + [tuple(layers[i::2]) for i in range(len(layers) - 4)]


FAMILIES: dict[str, Callable[[Sequence[int]], Sets]] = {
    "runs of neighbours, and every other layer": runs,
    "up to three layers": layer_sets,
    "all sets": lambda layers: layer_sets(layers, len(layers)),
}


@dataclass(frozen=True)
class Choice:
    """Logits [V, N], each image's by the choice made without its source; and those choices."""

    logits: Floats
    chosen: Counter[tuple[tuple[int, ...], float]]


def grid(
    features: Mapping[Variant, Array],
    learnt: Sequence[Variant],
    images: Sequence[LabelledImage],
    layers: tuple[int, ...],
) -> Grid:
    """Fit heads of every layer and strength without each source, and score that source."""
    return {
        (strength, layer): logits
        for strength in STRENGTHS
        for layer, logits in judged_logits(features, learnt, images, layers, strength).items()
    }


def choose_without(cells: Grid, sets: Sets, images: Sequence[LabelledImage]) -> Choice:
    """Choose set and strength by the mean AUC of all sources but one, and so for each.

    The best of many looks better than it is on what it was chosen by; a source that had no say
    tells what is left of it.
    """
    strengths = sorted({strength for strength, _ in cells})
    scores = {
        (chosen, strength): np.mean([cells[strength, layer] for layer in chosen], axis=0)
        for strength in strengths
        for chosen in sets
    }
    sources = np.array([image.source for image in images])
    logits, picked = np.empty((len(JUDGED), len(images))), Counter[tuple[tuple[int, ...], float]]()
    for source in sorted(set(sources.tolist())):
        others = np.flatnonzero(sources != source)
        rest = [images[i] for i in others.tolist()]
        best = max(scores, key=lambda key: weighted_auc(scores[key][:, others], rest))
        picked[best] += 1
        logits[:, sources == source] = scores[best][:, sources == source]
    return Choice(logits, picked)
