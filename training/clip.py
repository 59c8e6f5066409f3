"""CLIP's vision tower; follows transformers' ``CLIPVisionModelWithProjection``."""

import numpy as np

from training.block import Blocks, multiply
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
        taps: dict[int, str] = {}
        x = self.blocks.norm("pre_layrnorm", self._tokens(self.blocks.patches(pixels)))
        last = self.config.num_hidden_layers
        for number in range(1, last + 1):
            # After the last block only the class token is read, so only it is computed there.
            x = self.blocks.block(number - 1, x, only_first=number == last)
            if heat:
                heat.after(number, x)
            if number in layers:
                token = x if number == last else self.blocks.first_token(x, f"tap_{number}")
                taps[number] = leave_half(self.g, token)
        pooled = leave_half(self.g, self.blocks.norm("post_layernorm", x))
        flat = self.g.node("Reshape", [pooled, self.g.ints(-1, self.config.hidden_size)], "pooled")
        self.g.real = np.float32
        projection = np.ascontiguousarray(self.weights[PROJECTION].T)
        return multiply(self.g, "embedding", flat, projection), taps

    def _tokens(self, x: str) -> str:
        """Add positions to the patches and put the class token before them."""
        g, c = self.g, self.config
        position = self.weights[PREFIX + "embeddings.position_embedding.weight"]
        x = g.node("Add", [x, g.constant("patch_position", position[1:])], "patch_tokens")
        first = self.weights[PREFIX + "embeddings.class_embedding"] + position[0]
        start = g.constant("class_token", first.reshape(1, 1, -1))
        batch = g.node("Slice", [g.node("Shape", ["pixels"], "shape"), g.ints(0), g.ints(1)], "n")
        count = g.node("Concat", [batch, g.ints(1, c.hidden_size)], "class_shape", axis=0)
        return g.node(
            "Concat", [g.node("Expand", [start, count], "class_tokens"), x], "tokens", axis=1
        )
