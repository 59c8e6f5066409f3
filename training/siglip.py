"""SigLIP's vision tower; follows transformers' ``SiglipVisionModel``.

SigLIP 2's checkpoints of a fixed resolution are the same architecture.
"""

import numpy as np

from training.block import Blocks, Layer
from training.half import leave_half
from training.heat import Heat
from training.patches import Patches
from training.vision import PREFIX, Array, VisionWeights

HEAD = PREFIX + "head."


class SiglipTower:
    """Writes the tower. The tap of a block is the mean over the patches of the stream after it."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks, self.g = blocks, blocks.g
        self.weights, self.config = blocks.weights, blocks.config

    def write(
        self, patches: Patches, layers: tuple[int, ...], last: int, heat: Heat | None = None
    ) -> tuple[str, dict[int, str]]:
        """Write ``last`` blocks from projected patches on.

        ``heat`` is told tap by tap.

        Returns
        -------
        The embedding [N, hidden] and the tap [N, 1, hidden] of each of ``layers``, float32.
        """
        g, taps = self.g, {}
        position = self.weights[PREFIX + "embeddings.position_embedding.weight"]
        place = g.constant("patch_position", position + patches.bias)
        x = g.node("Add", [patches.rows, place], "tokens")
        for number in range(1, last + 1):
            x = self.blocks.block(number - 1, x)
            if number in layers:
                stream = leave_half(g, x)
                taps[number] = self._mean(stream, f"tap_{number}")
                if heat:
                    heat.after(number, stream)
        x = self.blocks.norm(self.config.norm_after(last), x)
        if last == self.config.num_hidden_layers:
            pooled = leave_half(g, self._pool(x))
        else:
            pooled = self._mean(leave_half(g, x), "pooled")
        g.real = np.float32
        return g.node("Reshape", [pooled, g.ints(-1, self.config.hidden_size)], "embedding"), taps

    def _mean(self, x: str, name: str) -> str:
        """Write the mean over tokens of a float32 value, [N, 1, hidden].

        As a matrix product, since ``ReduceMean`` sums in an order that depends on the batch; with
        ones, which the shortened mantissa of a GPU's TF32 holds exactly.
        """
        g, tokens = self.g, self.blocks.tokens
        ones = g.constant("ones", np.ones((1, 1, tokens)), np.float32)
        share = g.constant("token_share", 1 / tokens, np.float32)
        return g.node("Mul", [g.node("MatMul", [ones, x], f"{name}/sum"), share], name)

    def _pool(self, x: str) -> str:
        """Write the head that pools by attention: one learnt query, then a perceptron."""
        g, blocks, width = self.g, self.blocks, self.config.hidden_size
        matrix = self.weights[HEAD + "attention.in_proj_weight"]
        bias = self.weights[HEAD + "attention.in_proj_bias"]
        k, v = (
            blocks.linear(
                Layer(
                    f"head.{name}",
                    np.ascontiguousarray(matrix[part : part + width].T),
                    bias[part : part + width],
                ),
                x,
                blocks.tokens,
            )
            for name, part in (("k", width), ("v", 2 * width))
        )
        query = g.constant("head.query", pooling_query(self.weights))
        mixed = blocks.attend("head", query, *blocks.keys_and_values("head", k, v))
        out = blocks.linear(blocks.layer("head.attention.out_proj"), mixed, 1)
        inner = blocks.norm("head.layernorm", out)
        return g.node("Add", [out, blocks.perceptron("head", inner, 1)], "head.output")


def pooling_query(weights: VisionWeights) -> Array:
    """Return the head's query in heads, scaled: float32 [1, heads, 1, head size].

    The probe is the same for all images, so its projection is a constant.
    """
    config = weights.config
    width = config.hidden_size
    matrix = weights[HEAD + "attention.in_proj_weight"][:width].astype(np.float64)
    query = weights[HEAD + "probe"].reshape(width) @ matrix.T
    query = (query + weights[HEAD + "attention.in_proj_bias"][:width]) * config.head_size**-0.5
    heads = query.reshape(1, config.num_attention_heads, 1, config.head_size)
    return np.asarray(heads, dtype=np.float32)
