"""Blocks that keep the class token apart, so that it has an arithmetic of its own.

Two streams go side by side, the class token's and the other tokens'. They meet in attention alone,
where each reads the keys and values of both.
"""

from training.block import Blocks, Layer, Linear
from training.graph import GraphBuilder
from training.vision import VisionWeights

# Tells the names of the other tokens' nodes; those of the class token have the plain ones.
OTHERS = "/others"


class ApartBlocks(Blocks):
    """Writes blocks whose value is the other tokens' stream [N, tokens - 1, hidden].

    Parameters
    ----------
    g, weights
        As for :class:`Blocks`.
    linear
        Writes linear layers of the other tokens.
    first
        Writes those of the class token, [N, 1, in].
    """

    def __init__(
        self, g: GraphBuilder, weights: VisionWeights, linear: Linear, first: Linear
    ) -> None:
        super().__init__(g, weights, linear)
        self.first_form = first
        # The class token's stream beside each of the others'.
        self._first: dict[str, str] = {}

    def start(self, x: str) -> str:
        """Part all tokens into the two streams."""
        g = self.g
        self._first["others"] = super().first_token(x, "class_stream")
        return g.node("Slice", [x, g.ints(1), g.ints(self.tokens), g.ints(1)], "others")

    def first_token(self, x: str, _name: str) -> str:
        """Return the class token [N, 1, hidden] of a stream."""
        return self._first[x]

    def linear(self, layer: Layer, x: str, tokens: int, part: str = "") -> str:
        """Write a linear layer of the class token, or of the others."""
        if part:
            return super().linear(layer, x, tokens, part)
        return self.first_form(self.g, layer.name, x, tokens, layer)

    def block(self, index: int, x: str, *, only_first: bool = False) -> str:
        """Write a block; see :meth:`Blocks.block`."""
        layer, count, first = f"encoder.layers.{index}", self.tokens - 1, self._first[x]
        normal = self.norm(f"{layer}.layer_norm1", first)
        others = self.norm(f"{layer}.layer_norm1", x, OTHERS)

        def of_all(made_by: Layer) -> str:
            each = [
                self.linear(made_by, normal, 1),
                self.linear(made_by, others, count, OTHERS),
            ]
            return self.g.node("Concat", each, f"{made_by.name}/all", axis=1)

        keys, values = self.keys_and_values(
            layer, of_all(self.key(layer)), of_all(self.value(layer))
        )
        out = self.rest_of_block(layer, first, normal, 1, keys, values)
        if only_first:
            return out
        stream = self.rest_of_block(layer, x, others, count, keys, values, OTHERS)
        self._first[stream] = out
        return stream
