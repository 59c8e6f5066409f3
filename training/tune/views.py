"""From a draw to the pixels that are learnt from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detector.package import Preprocessing
from detector.preprocess import preprocess
from detector.training_request import Settings
from training.dataset import LabelledImage
from training.degrade import LEARNT, Variant, degrade
from training.tune.crops import random_crop
from training.tune.errors import TuneError
from training.tune.order import Draw
from training.tune.pairs import PairFolder
from training.tune.read import read_upright

Pixels = npt.NDArray[np.uint8]

# The kind of preprocessing that takes crops at native resolution.
NATIVE = "native_crop"
DEGRADED = tuple(variant for variant in LEARNT if variant is not Variant.CLEAN)


@dataclass(frozen=True)
class Views:
    """Makes the views of a draw: one, or with a consistency loss a clean and a degraded one.

    All chance comes from the draw's key, so a view is the same whenever and wherever it is made.
    """

    images: Sequence[LabelledImage]
    spec: Preprocessing
    settings: Settings
    pairs: PairFolder | None = None

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other."""
        if self.settings.consistency and not self.settings.degrade:
            raise TuneError("consistency compares clean with degraded copies; set degrade: true")
        if self.settings.crops and self.spec.kind != NATIVE:
            raise TuneError(
                f"crops: true needs a head fitted on native crops, but its preprocessing is "
                f"{self.spec.kind}; fit it with kind {NATIVE}"
            )

    @property
    def count(self) -> int:
        """Views of one draw."""
        return 2 if self.settings.consistency else 1

    def __call__(self, draw: Draw) -> Pixels:
        """Return uint8 [count, size, size, 3]; with two views the clean one comes first."""
        rng = np.random.default_rng(draw.key)
        image = read_upright(self._path(draw))
        variants = self._variants(rng)
        seed, across, down = int(rng.integers(2**60)), rng.random(), rng.random()
        views = []
        for variant in variants:
            copy = degrade(image, variant, seed)
            if self.spec.kind == NATIVE:
                crop = random_crop(copy, self.spec.size, across, down)
                views.append(np.asarray(crop, dtype=np.uint8))
            else:
                views.append(preprocess(copy, self.spec))
        return np.stack(views)

    def _path(self, draw: Draw) -> Path:
        if not draw.paired:
            return self.images[draw.image].path
        if self.pairs is None:
            # The image itself would be learnt as AI.
            raise ValueError("a paired turn needs the folder that holds the pairs")
        return self.pairs.path(draw.image, rebuilt=draw.rebuilt)

    def _variants(self, rng: np.random.Generator) -> list[Variant]:
        if not self.settings.degrade:
            return [Variant.CLEAN]
        if self.settings.consistency:
            return [Variant.CLEAN, DEGRADED[int(rng.integers(len(DEGRADED)))]]
        return [LEARNT[int(rng.integers(len(LEARNT)))]]
