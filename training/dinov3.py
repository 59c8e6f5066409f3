"""DINOv3's vision tower (Siméoni et al. 2025, arXiv:2508.10104); follows ``DINOv3ViTModel``.

Where a patch lies is told by turning queries and keys (rotary position embedding, Heo et al. 2024,
arXiv:2403.13298), and four registers stand between the class token and the patches.
"""

import numpy as np

from training.block import Blocks
from training.class_token import before, embed, through_blocks
from training.heat import Heat
from training.rope import turns
from training.vision import PREFIX


class Dinov3Tower:
    """Writes the tower. The tap of a block is the class token of the residual stream after it."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks, self.g = blocks, blocks.g
        self.weights, self.config = blocks.weights, blocks.config
        self.blocks.turns = turns(self.config)

    def write(
        self, pixels: str, layers: tuple[int, ...], heat: Heat | None = None
    ) -> tuple[str, dict[int, str]]:
        """Write from normalised pixels [N, size, size, 3] on, told to ``heat`` block by block.

        Returns
        -------
        The embedding [N, hidden] and the tap [N, 1, hidden] of each of ``layers``, float32.
        """
        g = self.g
        bias = self.weights[PREFIX + "embeddings.patch_embedding.bias"]
        patches = g.node(
            "Add", [self.blocks.patches(pixels), g.constant("patch_bias", bias)], "patch_tokens"
        )
        first = [
            self.weights[PREFIX + "embeddings.class_embedding"][None],
            self.weights[PREFIX + "embeddings.register_tokens"],
        ]
        x = before(g, patches, np.concatenate(first))
        x, taps = through_blocks(self.blocks, x, layers, heat)
        return embed(self.blocks, x), taps
