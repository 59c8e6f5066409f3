"""A tuned detector's logits of images that it did not learn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt
import torch
from sklearn.metrics import roc_auc_score

from detector.package import Preprocessing
from detector.preprocess import preprocess
from training.dataset import LabelledImage
from training.degrade import JUDGED, Variant, degrade
from training.stages.context import StopFlag
from training.tune.model import TorchDetector
from training.tune.prefetch import in_order
from training.tune.read import read_upright
from training.tune.views import Pixels

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Judge:
    """Scores images as the released detector would: its own preprocessing, in float32."""

    spec: Preprocessing
    device: torch.device
    batch_size: int
    workers: int
    stop: StopFlag

    def _views(self, image: LabelledImage) -> Pixels:
        upright = read_upright(image.path)
        # The judged variants are fixed: they draw nothing, so any seed is the same.
        return np.stack([preprocess(degrade(upright, v, 0), self.spec) for v in JUDGED])

    def logits(
        self, detector: TorchDetector, images: Sequence[LabelledImage]
    ) -> dict[Variant, Floats]:
        """Return the logits of each judged variant, float64 [len(images)].

        Raises
        ------
        StoppedError
            If the stop flag is raised.
        """
        found = np.empty((len(JUDGED), len(images)))
        stream = in_order(images, self._views, self.workers)
        done = 0
        with torch.no_grad():
            while views := list(islice(stream, max(1, self.batch_size // len(JUDGED)))):
                self.stop.check()
                pixels = torch.from_numpy(np.concatenate(views)).to(self.device)
                rows = detector(pixels).double().cpu().numpy().reshape(len(views), len(JUDGED))
                found[:, done : done + len(views)] = rows.T
                done += len(views)
        return dict(zip(JUDGED, found, strict=True))


def mean_auc(logits: dict[Variant, Floats], images: Sequence[LabelledImage]) -> float | None:
    """Return the mean over variants of the area under the ROC curve; None for a single class."""
    target = [image.target for image in images]
    if len(set(target)) < 2:
        return None
    return float(np.mean([roc_auc_score(target, values) for values in logits.values()]))
