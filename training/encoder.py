"""Which encoder is meant, and how its images become pixels."""

from collections.abc import Callable
from pathlib import Path

from batch_inference.engine import cuda_usable
from detector.training_request import AUTO
from training import hub
from training.checkpoint import CONFIG_FILE
from training.vision import WeightsError, preprocessing_of
from training.weights import WHEEL

__all__ = ["LARGE", "preprocessing_of", "resolve"]

# 162 GFLOP an image: 0.6 s on a CPU core, 3 ms on a small GPU.
LARGE = "openai/clip-vit-large-patch14"

Tell = Callable[[str], None]


def resolve(
    asked: str,
    cache: Path,
    *,
    gpu: bool | None = None,
    tell: Tell = lambda _text: None,
) -> str:
    """Return the encoder's name as :func:`training.weights.load` takes it.

    ``auto`` becomes CLIP ViT-L/14 where there is a GPU and the hub has it, or had it before; else
    CLIP ViT-B/16 from the package registry. What it becomes depends on the machine: ask once in a
    run, and take the encoder of its record after that.

    Parameters
    ----------
    asked
        What the user asked for.
    cache
        The cache folder.
    gpu
        Whether images are encoded on a GPU; by default, whether this machine has one.
    tell
        Told in one sentence what was chosen and why.
    """
    if asked != AUTO:
        return asked
    if not (cuda_usable() if gpu is None else gpu):
        tell(f"encoder: {WHEEL} (CLIP ViT-B/16), since {LARGE} is slow without a GPU")
        return WHEEL
    try:
        hub.fetch(LARGE, CONFIG_FILE, "main", cache)
    except WeightsError:
        tell(f"encoder: {WHEEL} (CLIP ViT-B/16), since the model hub with {LARGE} is not reached")
        return WHEEL
    tell(f"encoder: {LARGE}, since there is a GPU and the model hub is reached")
    return LARGE
