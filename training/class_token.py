"""What towers with a class token share: all but the way from the patches to the first block."""

from abc import ABC, abstractmethod

import numpy as np

from training.block import Blocks
from training.half import leave_half
from training.heat import Heat
from training.patches import Patches
from training.vision import Array


class ClassTokenTower(ABC):
    """Writes a tower. The tap of a block is the class token of the residual stream after it."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks, self.g = blocks, blocks.g
        self.weights, self.config = blocks.weights, blocks.config

    @abstractmethod
    def begin(self, patches: Patches) -> str:
        """Write from projected patches to the first block's input, [N, tokens, hidden]."""

    def write(
        self, patches: Patches, layers: tuple[int, ...], last: int, heat: Heat | None = None
    ) -> tuple[str, dict[int, str]]:
        """Write ``last`` blocks from projected patches on.

        ``heat`` is told block by block.

        Returns
        -------
        The embedding [N, D] and the tap [N, 1, hidden] of each of ``layers``, float32.
        """
        blocks, taps = self.blocks, dict[int, str]()
        x = blocks.start(self.begin(patches))
        for number in range(1, last + 1):
            # After the last block only the class token is read, so only it is computed there.
            x = blocks.block(number - 1, x, only_first=number == last)
            if heat:
                heat.after(number, x)
            if number in layers:
                token = x if number == last else blocks.first_token(x, f"tap_{number}")
                taps[number] = leave_half(self.g, token)
        pooled = leave_half(self.g, blocks.norm(self.config.norm_after(last), x))
        whole = last == self.config.num_hidden_layers
        return (self.embed(pooled) if whole else self.bare(pooled)), taps

    def embed(self, pooled: str) -> str:
        """Write the embedding of the normalised class token [N, 1, hidden]: by default, itself."""
        return self.bare(pooled)

    def bare(self, pooled: str) -> str:
        """Write a normalised token [N, 1, hidden] as the embedding [N, hidden]."""
        self.g.real = np.float32
        return self.g.node(
            "Reshape", [pooled, self.g.ints(-1, self.config.hidden_size)], "embedding"
        )

    def after(self, first: Array, patches: str) -> str:
        """Put tokens, float32 [P, hidden], before the patches of every image."""
        g, (count, width) = self.g, first.shape
        start = g.constant("class_token", first.reshape(1, count, width))
        batch = g.node("Slice", [g.node("Shape", ["pixels"], "shape"), g.ints(0), g.ints(1)], "n")
        shape = g.node("Concat", [batch, g.ints(count, width)], "class_shape", axis=0)
        expanded = g.node("Expand", [start, shape], "class_tokens")
        return g.node("Concat", [expanded, patches], "tokens", axis=1)
