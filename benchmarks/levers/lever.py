"""The levers: each a name, what was expected of it, and how it scores images."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.levers.feature import Looks
from benchmarks.levers.fit import (
    LAYERS,
    Floats,
    held_out,
    unit_length,
    without_sources,
    worst_sources,
)
from training.dataset import LabelledImage
from training.degrade import Variant
from training.vision import Array

BASELINE = "baseline"
# Share of images, the nearest to the threshold's side, that get the second look.
BORDERLINE = 1 / 3

Score = Callable[[Looks, Sequence[LabelledImage]], Floats]


@dataclass(frozen=True)
class Lever:
    """One change against the baseline. ``cost`` is encoder passes an image."""

    name: str
    what: str
    expected: str
    score: Score
    cost: float = 1.0


def pick(looks: Looks, view: str, layers: Sequence[int]) -> dict[Variant, Array]:
    """Return the taps of some layers in one view."""
    index = [looks.layers.index(layer) for layer in layers]
    return {copy: rows[:, index] for copy, rows in looks.taps[view].items()}


def heads(
    looks: Looks,
    images: Sequence[LabelledImage],
    view: str = "resized",
    layers: Sequence[int] = LAYERS,
    **levers: Any,
) -> Floats:
    """Score by averaged heads on some layers of one view."""
    return held_out(pick(looks, view, layers), images, **levers)


def wide(looks: Looks, images: Sequence[LabelledImage], views: Sequence[str]) -> Floats:
    """Score by heads that each see a layer in all of the views side by side."""
    parts = [pick(looks, view, LAYERS) for view in views]
    joined = {c: np.concatenate([part[c] for part in parts], axis=-1) for c in parts[0]}
    return held_out(joined, images)


def mean_of(looks: Looks, images: Sequence[LabelledImage], views: Sequence[str]) -> Floats:
    """Score by the mean of the views' own heads."""
    mean: Floats = np.mean([heads(looks, images, view) for view in views], axis=0)
    return mean


def second_look(looks: Looks, images: Sequence[LabelledImage]) -> Floats:
    """Score by the resized view; where that is undecided, by the mean with the native crop."""
    first, other = heads(looks, images), heads(looks, images, "native")
    near = np.abs(first) <= np.quantile(np.abs(first), BORDERLINE)
    return np.where(near, (first + other) / 2, first)


def all_levers(looks: Looks) -> list[Lever]:
    """Return every lever that can be tried on what was looked at, the baseline first."""
    levers = [
        Lever(BASELINE, "as released", "", heads),
        Lever(
            "last layer",
            "the class token of the last block alone",
            "worse: it is trained to forget what an image is made of",
            partial(heads, layers=(12,)),
        ),
        Lever("layer 8", "of block 8 alone", "near the baseline", partial(heads, layers=(8,))),
        Lever(
            "layers 5-12",
            "the mean of eight heads",
            "a little better: more votes",
            partial(heads, layers=tuple(range(5, 13))),
        ),
        Lever(
            "clean only",
            "no degraded copies are learnt from",
            "worse, most so on web and hard",
            partial(heads, learnt=(Variant.CLEAN,)),
        ),
        Lever(
            "images alike",
            "every image has the same say, not every source",
            "worse: the largest sources win",
            partial(heads, damping=0.0),
        ),
        Lever(
            "weak penalty",
            "C = 0.01 instead of 0.001",
            "worse: it learns the sources",
            partial(heads, strength=0.01),
        ),
        Lever(
            "strong penalty",
            "C = 0.0002 instead of 0.001",
            "about equal",
            partial(heads, strength=0.0002),
        ),
        Lever(
            "unit length",
            "features brought to length 1",
            "a little better (GenD)",
            partial(heads, transform=unit_length),
        ),
        Lever(
            "sources shrunk",
            "directions in which sources of one class differ are shrunk",
            "better on unseen sources",
            partial(heads, transform=without_sources(10.0)),
        ),
        Lever(
            "worst sources",
            "group DRO",
            "a better worst source at the price of the mean",
            partial(heads, fit=worst_sources),
        ),
    ]
    if "native" in looks.taps:
        levers += [
            Lever(
                "native crop",
                "the middle 224 px as they are, instead of the whole made small",
                "worse alone, but other mistakes",
                partial(heads, view="native"),
            ),
            Lever(
                "resized + native",
                "mean of both views' heads",
                "better",
                partial(mean_of, views=("resized", "native")),
                2.0,
            ),
            Lever(
                "both in one head",
                "one head over both views' features",
                "as the mean, or worse: twice the weights on as few images",
                partial(wide, views=("resized", "native")),
                2.0,
            ),
            Lever(
                "second look",
                "mean of both, only for the third nearest to undecided",
                "most of the gain for a third of the price",
                second_look,
                1 + BORDERLINE,
            ),
        ]
    for size, cost in ((256, 1.3), (336, 2.3)):
        view = str(size)
        if view in looks.taps:
            levers.append(
                Lever(
                    f"{size} px",
                    f"{size} px a side, positions interpolated",
                    "a little better: finer traces are seen",
                    partial(heads, view=view),
                    cost,
                )
            )
            levers.append(
                Lever(
                    f"224 + {size} px",
                    "mean of both views' heads",
                    "better than either",
                    partial(mean_of, views=("resized", view)),
                    1 + cost,
                )
            )
    if "mirrored" in looks.taps:
        levers.append(
            Lever(
                "mirrored too",
                "mean of the image and its mirror image",
                "a little better: less noise",
                partial(mean_of, views=("resized", "mirrored")),
                2.0,
            )
        )
    return levers
