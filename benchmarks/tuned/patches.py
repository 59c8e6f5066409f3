"""What the patches of an image say together, where the tuned blocks begin; nothing is tuned."""

import numpy as np

from benchmarks.tuned.activation import Half
from training.vision import Array


def patch_moments(states: Half) -> Array:
    """Return mean and standard deviation over the patch tokens, float32 [N, C, 2, hidden].

    Parameters
    ----------
    states
        float16 [N, C, tokens, hidden], the class token first.
    """
    count, copies, _, width = states.shape
    found = np.empty((count, copies, 2, width), np.float32)
    for number in range(count):
        patches = states[number, :, 1:].astype(np.float32)
        found[number, :, 0], found[number, :, 1] = patches.mean(axis=1), patches.std(axis=1)
    return found
