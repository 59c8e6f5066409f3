"""Rotary position embedding: the angle by which each pair of values in a head is turned."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from training.vision import Array, Family, VisionConfig


class Turns(NamedTuple):
    """Cosines and sines, float32 [tokens, head size]; value ``i`` is paired with ``i + half``.

    Sines are signed, so that a turned value is ``x * cos + other_half(x) * sin``, the halves of
    ``other_half(x)`` being those of ``x`` changed over.
    """

    cos: Array
    sin: Array


def _places(config: VisionConfig) -> npt.NDArray[np.float64]:
    """Return two coordinates of each patch, row by row, [patches, 2]."""
    number, counted = np.arange(config.grid), config.family is Family.PERCEPTION
    # Counted from one, or as DINOv3 has it the patch's centre, from -1 to 1, in whole turns.
    along = number + 1.0 if counted else ((number + 0.5) / config.grid * 2 - 1) * 2 * np.pi
    down, across = np.meshgrid(along, along, indexing="ij")
    first, second = (across, down) if counted else (down, across)
    return np.stack([first.ravel(), second.ravel()], axis=1)


def turns(config: VisionConfig) -> Turns:
    """Return the turns of a tower's tokens; those before the patches are left as they are.

    A patch's angle is its coordinate over periods that rise from 1 to ``rope_theta``: a quarter of
    a head for each of the two directions.
    """
    size = config.head_size
    frequency = config.rope_theta ** -np.arange(0, 1, 4 / size)
    place = _places(config)
    angle = (place[:, :, None] * frequency).reshape(len(place), size // 2)
    still = np.zeros((config.before_patches, size // 2))
    angle = np.concatenate([still, angle])
    cos, sin = np.cos(angle), np.sin(angle)
    return Turns(
        np.concatenate([cos, cos], axis=1).astype(np.float32),
        np.concatenate([-sin, sin], axis=1).astype(np.float32),
    )
