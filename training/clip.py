"""CLIP's vision tower; follows transformers' ``CLIPVisionModelWithProjection``."""

import numpy as np

from training.block import Blocks, multiply
from training.class_token import before, through_blocks
from training.half import leave_half
from training.heat import Heat
from training.vision import PREFIX, PROJECTION


class ClipTower:
    """Writes the tower. The tap of a block is the class token of the residual stream after it."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks, self.g = blocks, blocks.g
        self.weights, self.config = blocks.weights, blocks.config

    def write(
        self, pixels: str, layers: tuple[int, ...], heat: Heat | None = None
    ) -> tuple[str, dict[int, str]]:
        """Write from normalised pixels [N, size, size, 3] on, told to ``heat`` block by block.

        Returns
        -------
        The embedding [N, projection] and the tap [N, 1, hidden] of each of ``layers``, float32.
        """
        x, taps = through_blocks(self.blocks, self.begin(pixels), layers, heat)
        pooled = leave_half(self.g, self.blocks.norm("post_layernorm", x))
        flat = self.g.node("Reshape", [pooled, self.g.ints(-1, self.config.hidden_size)], "pooled")
        self.g.real = np.float32
        projection = np.ascontiguousarray(self.weights[PROJECTION].T)
        return multiply(self.g, "embedding", flat, projection), taps

    def begin(self, pixels: str) -> str:
        """Write from normalised pixels to the first block's input, [N, tokens, hidden]."""
        return self.blocks.norm("pre_layrnorm", self._tokens(self.blocks.patches(pixels)))

    def _tokens(self, x: str) -> str:
        """Add positions to the patches and put the class token before them."""
        g = self.g
        position = self.weights[PREFIX + "embeddings.position_embedding.weight"]
        x = g.node("Add", [x, g.constant("patch_position", position[1:])], "patch_tokens")
        first = self.weights[PREFIX + "embeddings.class_embedding"] + position[0]
        return before(g, x, first.reshape(1, -1))
