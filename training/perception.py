"""Perception Encoder's vision tower (Bolya et al. 2025, arXiv:2504.13181), PE-Core of sizes T to L.

CLIP's, but that queries and keys are turned by where their patch is, beside the learnt positions.
Its own embedding is pooled by attention and projected; here it is the class token, normalised.
"""

from training.block import Blocks
from training.class_token import embed, through_blocks
from training.clip import ClipTower
from training.heat import Heat
from training.rope import turns


class PerceptionTower:
    """Writes the tower. The tap of a block is the class token of the residual stream after it."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks = blocks
        self.blocks.turns = turns(blocks.config)

    def write(
        self, pixels: str, layers: tuple[int, ...], heat: Heat | None = None
    ) -> tuple[str, dict[int, str]]:
        """Write from normalised pixels [N, size, size, 3] on, told to ``heat`` block by block.

        Returns
        -------
        The embedding [N, hidden] and the tap [N, 1, hidden] of each of ``layers``, float32.
        """
        x, taps = through_blocks(self.blocks, ClipTower(self.blocks).begin(pixels), layers, heat)
        return embed(self.blocks, x), taps
