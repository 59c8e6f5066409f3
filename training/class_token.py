"""What towers with a class token share: the tokens before patches, the way through the blocks."""

import numpy as np

from training.block import Blocks
from training.graph import GraphBuilder
from training.half import leave_half
from training.heat import Heat
from training.vision import Array


def before(g: GraphBuilder, patches: str, first: Array) -> str:
    """Put tokens, float32 [P, hidden], before the patches of every image."""
    count, width = first.shape
    start = g.constant("class_token", first.reshape(1, count, width))
    batch = g.node("Slice", [g.node("Shape", ["pixels"], "shape"), g.ints(0), g.ints(1)], "n")
    shape = g.node("Concat", [batch, g.ints(count, width)], "class_shape", axis=0)
    expanded = g.node("Expand", [start, shape], "class_tokens")
    return g.node("Concat", [expanded, patches], "tokens", axis=1)


def through_blocks(
    blocks: Blocks, x: str, layers: tuple[int, ...], heat: Heat | None
) -> tuple[str, dict[int, str]]:
    """Write all blocks, told to ``heat`` one by one.

    Returns
    -------
    The class token [N, 1, hidden] after the last block, and the float32 tap of each of ``layers``:
    the class token of the residual stream after that block.
    """
    taps: dict[int, str] = {}
    last = blocks.config.num_hidden_layers
    for number in range(1, last + 1):
        # After the last block only the class token is read, so only it is computed there.
        x = blocks.block(number - 1, x, only_first=number == last)
        if heat:
            heat.after(number, x)
        if number in layers:
            token = x if number == last else blocks.first_token(x, f"tap_{number}")
            taps[number] = leave_half(blocks.g, token)
    return x, taps


def embed(blocks: Blocks, x: str) -> str:
    """Normalise the class token after the last block: the embedding, float32 [N, hidden]."""
    g = blocks.g
    pooled = leave_half(g, blocks.norm("post_layernorm", x))
    g.real = np.float32
    return g.node("Reshape", [pooled, g.ints(-1, blocks.config.hidden_size)], "embedding")
