"""An encoder that looks at more pixels than it was trained with."""

from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional

from training.vision import PREFIX, VisionWeights

POSITIONS = PREFIX + "embeddings.position_embedding.weight"


def enlarge(weights: VisionWeights, size: int) -> VisionWeights:
    """Return a CLIP tower for images of ``size`` pixels a side, its positions drawn between.

    The grid of learnt positions is resized as a picture is, as transformers does where it is asked
    to ``interpolate_pos_encoding``; the class token's own stays.
    """
    config = weights.config.model_copy(update={"image_size": size})
    known = weights[POSITIONS]
    grid = torch.from_numpy(known[1:]).reshape(1, weights.config.grid, weights.config.grid, -1)
    drawn = functional.interpolate(
        grid.permute(0, 3, 1, 2), size=(config.grid, config.grid), mode="bicubic"
    )
    rows = drawn.permute(0, 2, 3, 1).reshape(config.grid**2, -1).numpy()
    return replace(
        weights,
        config=config,
        state={**weights.state, POSITIONS: np.concatenate([known[:1], rows])},
    )
