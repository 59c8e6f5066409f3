"""Rotary position embedding as DINOv3 has it: the angle by which each pair of a head is turned."""

from typing import NamedTuple

import numpy as np

from training.vision import Array, VisionConfig


class Turns(NamedTuple):
    """Cosines and sines, float32 [tokens, head size]; value ``i`` is paired with ``i + half``.

    Sines are signed, so that a turned value is ``x * cos + other_half(x) * sin``, the halves of
    ``other_half(x)`` being those of ``x`` changed over.
    """

    cos: Array
    sin: Array


def turns(config: VisionConfig) -> Turns:
    """Return the turns of a tower's tokens; those before the patches are left as they are.

    A patch's angle is 2π times its centre, from -1 to 1 down and across, over periods that rise
    from 1 to ``rope_theta``: a quarter of a head for each of the two directions.
    """
    size = config.head_size
    frequency = config.rope_theta ** -np.arange(0, 1, 4 / size)
    centre = (np.arange(config.grid) + 0.5) / config.grid * 2 - 1
    down, across = np.meshgrid(centre, centre, indexing="ij")
    place = np.stack([down.ravel(), across.ravel()], axis=1)
    angle = (2 * np.pi * place[:, :, None] * frequency).reshape(len(place), size // 2)
    still = np.zeros((config.before_patches, size // 2))
    angle = np.concatenate([still, angle])
    cos, sin = np.cos(angle), np.sin(angle)
    return Turns(
        np.concatenate([cos, cos], axis=1).astype(np.float32),
        np.concatenate([-sin, sin], axis=1).astype(np.float32),
    )
