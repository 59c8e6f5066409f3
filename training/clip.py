"""CLIP's vision tower; follows transformers' ``CLIPVisionModelWithProjection``.

Perception Encoder's (Bolya et al. 2025, arXiv:2504.13181) is the same, but that queries and keys
are turned by where their patch is, beside the learnt positions. Its own embedding is pooled by
attention and projected; here it is the class token, normalised.
"""

import numpy as np

from training.block import multiply
from training.class_token import ClassTokenTower
from training.patches import Patches
from training.vision import PREFIX, PROJECTION


class ClipTower(ClassTokenTower):
    """CLIP's tower, and Perception Encoder's."""

    def begin(self, patches: Patches) -> str:
        """Write the input of the first block; see :meth:`ClassTokenTower.begin`."""
        g = self.g
        position = self.weights[PREFIX + "embeddings.position_embedding.weight"]
        place = g.constant("patch_position", position[1:] + patches.bias)
        x = g.node("Add", [patches.rows, place], "patch_tokens")
        first = self.weights[PREFIX + "embeddings.class_embedding"] + position[0]
        return self.blocks.norm("pre_layrnorm", self.after(first.reshape(1, -1), x))

    def embed(self, pooled: str) -> str:
        """Write the embedding: CLIP projects the class token."""
        if PROJECTION not in self.weights.state:
            return super().embed(pooled)
        flat = self.g.node("Reshape", [pooled, self.g.ints(-1, self.config.hidden_size)], "pooled")
        self.g.real = np.float32
        projection = np.ascontiguousarray(self.weights[PROJECTION].T)
        return multiply(self.g, "embedding", flat, projection)
