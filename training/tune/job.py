"""What tuning is given, and what it gives back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detector.package import Preprocessing
from detector.training_request import Recipe, Settings
from training.adaptation import Adaptation
from training.dataset import LabelledImage
from training.degrade import Variant
from training.head import Head
from training.stages.context import StopFlag
from training.storage import Storage
from training.track.tracker import Tracker, Trackers
from training.vision import VisionWeights


@dataclass(frozen=True)
class TuneJob:
    """One tuning run.

    Attributes
    ----------
    encoder, spec
        What is tuned, and how pixels reach it.
    head
        The fitted probe to begin from.
    learn
        The images to learn from.
    held
        Whole sources kept out, to watch and to calibrate on.
    checkpoints
        Where to keep checkpoints, and to go on from those that are there.
    progress
        Told of (images learnt from, images in all).
    """

    encoder: VisionWeights
    spec: Preprocessing
    head: Head
    learn: Sequence[LabelledImage]
    held: Sequence[LabelledImage]
    recipe: Recipe
    settings: Settings
    checkpoints: Storage
    tracker: Tracker = field(default_factory=Trackers)
    stop: StopFlag = field(default_factory=StopFlag)
    progress: Callable[[int, int], None] = lambda _done, _total: None
    tell: Callable[[str], None] = lambda _text: None


@dataclass(frozen=True)
class Tuned:
    """What was learnt.

    Attributes
    ----------
    head
        The job's head with tuned weight and bias.
    adaptation
        What changed in the encoder.
    held_logits
        By judged variant, the tuned detector's logits of the held images, float64 [len(held)].
    history
        Numbers by step: ``step``, ``loss``, ``lr``, ``grad_norm``; last of all ``held_auc``.
    resumed_from
        The step that this attempt went on from; 0 when it began anew.
    """

    head: Head
    adaptation: Adaptation
    held_logits: dict[Variant, npt.NDArray[np.float64]]
    history: list[dict[str, float]]
    images_seen: int
    seconds: float
    resumed_from: int
