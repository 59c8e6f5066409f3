"""A detector of somebody else as it is judged: a function that scores one image."""

import io
import math
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from detector.calibration import Calibration
from detector.preprocess import upright_rgb
from detector.verdict import Decision
from training.calibrate import Floats
from training.dataset import LabelledImage
from training.features import Progress, content_of
from training.ladder import make_copy
from training.subject import Subject

Predict = Callable[[Image.Image], float]
METHOD = (
    "Scored by somebody else's detector; whether it learnt from these sources is not known here."
)
# A probability of 0 or 1 would be a logit without end.
LEAST = 1e-9


def outsider(
    name: str,
    predict: Predict,
    decision: Decision,
    progress: Progress = lambda _done, _total: None,
) -> Subject:
    """Return somebody else's detector, judged on the very copies that ours are judged on.

    Parameters
    ----------
    name
        What it is called in the report.
    predict
        Takes an upright 8-bit RGB image, a copy as it is found in the wild, and returns the
        probability in [0, 1] that it is AI-generated, by whatever preprocessing of its own.
    decision
        Its bands. Its threshold is the one its authors publish, not one chosen on these images;
        where it knows no ``unsure``, both bounds are the threshold.
    progress
        Told of (images done, images in all).
    """

    def score(images: Sequence[LabelledImage], copies: Sequence[str]) -> dict[str, Floats]:
        rows = np.empty((len(copies), len(images)))
        for number, image in enumerate(images):
            data, seed = content_of(image)
            with Image.open(io.BytesIO(data)) as opened:
                upright = upright_rgb(opened)
            for row, copy in zip(rows, copies, strict=True):
                row[number] = _logit(predict(make_copy(upright, copy, seed)), name)
            progress(number + 1, len(images))
        return dict(zip(copies, rows, strict=True))

    return Subject(name, Calibration(), decision, METHOD, score)


def _logit(probability: float, name: str) -> float:
    if not 0 <= probability <= 1:
        raise ValueError(f"{name} gave {probability!r}, which is no probability from 0 to 1")
    inside = min(1 - LEAST, max(LEAST, float(probability)))
    return math.log(inside / (1 - inside))
