"""Real images and their reconstructions by a small autoencoder, alike in all else.

Both members are the same cut, saved by the same lossy compression, and degraded alike; only the
decoder's traces tell them apart (Dual Data Alignment, NeurIPS 2025).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from benchmarks.tuned.activation import Half, Pixels, Views
from detector.package import Preprocessing
from detector.preprocess import native_crop, preprocess
from training.dataset import LabelledImage
from training.degrade import Variant, degrade, recompress
from training.features import content_of
from training.tune.autoencoder import Autoencoder
from training.tune.pairs import BLOCK, MULTIPLE
from training.tune.read import read_upright

# Time and memory of the autoencoder grow with the area: 1.5 s for so many pixels a side.
SIDE = 384
QUALITY = 90
DEGRADED = (Variant.CLEAN, Variant.ROUGH)
# Whole made small, and native crop; of each the members; of each the copies.
SHAPE = (2, 2, len(DEGRADED))


def cut(image: Image.Image) -> Image.Image:
    """Return the middle of an RGB image, at most 384 px a side, cut between a JPEG's blocks."""
    box: list[int] = []
    for side in image.size:
        length = min(side, SIDE) // MULTIPLE * MULTIPLE or MULTIPLE
        start = max(0, side - length) // 2 // BLOCK * BLOCK
        box += [start, start + length]
    return image.crop((box[0], box[2], box[1], box[3]))


def pair_views(spec: Preprocessing) -> Views:
    """Return a view of a real image as pairs, uint8 [8, size, size, 3] in the order of SHAPE."""
    autoencoder = Autoencoder(torch.device("cpu"))

    def view(image: LabelledImage) -> Pixels:
        _, seed = content_of(image)
        real = cut(read_upright(image.path))
        members = [recompress(m, "JPEG", QUALITY) for m in (real, autoencoder.rebuild(real))]
        copies = [[degrade(member, v, seed) for v in DEGRADED] for member in members]
        whole = [preprocess(copy, spec) for row in copies for copy in row]
        crops = [
            np.asarray(native_crop(copy, spec.size), np.uint8) for row in copies for copy in row
        ]
        return np.stack(whole + crops)

    return view


@dataclass(frozen=True)
class Pairs:
    """Kept activations of pairs: float16 [P, 8, tokens, hidden]; ``source`` is the images' own."""

    source: npt.NDArray[np.str_]
    states: Half

    def without(self, sources: Sequence[str]) -> "Pairs":
        """Return the pairs of other sources."""
        kept = ~np.isin(self.source, list(sources))
        return Pairs(self.source[kept], self.states[kept])

    def draw(
        self, count: int, rng: np.random.Generator, *, crops: bool
    ) -> tuple[list[Half], list[int]]:
        """Draw pairs; return both members' activations and what they are learnt as."""
        states: list[Half] = []
        for number in range(count):
            image = int(rng.integers(len(self.states)))
            view, copy = int(crops and number % 2), int(rng.integers(len(DEGRADED)))
            places = [np.ravel_multi_index((view, member, copy), SHAPE) for member in (0, 1)]
            states += [self.states[image, place] for place in places]
        return states, [0, 1] * count
