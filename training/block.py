"""The blocks of a vision transformer, written into an ONNX graph; all families share them."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from training.graph import GraphBuilder
from training.rope import turns
from training.vision import PREFIX, Array, VisionWeights

# What no activation of these families falls below: GELU has -0.16997, the others a little more.
LEAST_ACTIVATION = -0.171


class Layer(NamedTuple):
    """A linear layer, x @ weight + bias: float32 [in, out] and [out].

    Its constants are named by ``name``.
    """

    name: str
    weight: Array
    bias: Array | None


# Writes a linear layer as ``name``, given (builder, name, x, tokens, layer): x is [N, tokens, in].
Linear = Callable[[GraphBuilder, str, str, int, Layer], str]


def multiply(g: GraphBuilder, name: str, x: str, weight: Array) -> str:
    """Write x @ weight."""
    return g.node("MatMul", [x, g.constant(f"{name}.weight", weight)], name)


def add_bias(g: GraphBuilder, name: str, x: str, layer: Layer) -> str:
    """Write x plus a layer's bias; x itself where it has none."""
    if layer.bias is None:
        return x
    return g.node("Add", [x, g.constant(f"{layer.name}.bias", layer.bias)], name)


def float_linear(g: GraphBuilder, name: str, x: str, _tokens: int, layer: Layer) -> str:
    """Write a linear layer in the builder's own precision."""
    weight = g.constant(f"{layer.name}.weight", layer.weight)
    return add_bias(g, name, g.node("MatMul", [x, weight], f"{name}/product"), layer)


class Blocks:
    """Writes blocks of one tower into a graph builder."""

    def __init__(self, g: GraphBuilder, weights: VisionWeights, linear: Linear) -> None:
        self.g, self.weights, self.linear_form = g, weights, linear
        self.config = weights.config
        self.tokens = self.config.tokens
        self.turns = turns(self.config) if self.config.rotary else None

    def start(self, x: str) -> str:
        """Take the tokens that the first block reads, [N, tokens, hidden]; return its input."""
        return x

    def norm(self, name: str, x: str, part: str = "") -> str:
        """Write a layer norm; its sums run in float32 whatever the graph's precision."""
        weights = [
            self.g.constant(f"{name}.{end}", self.weights[f"{PREFIX}{name}.{end}"])
            for end in ("weight", "bias")
        ]
        epsilon = self.config.layer_norm_eps
        return self.g.node(
            "LayerNormalization", [x, *weights], f"{name}{part}", axis=-1, epsilon=epsilon
        )

    def first_token(self, x: str, name: str) -> str:
        """Write the first token of a value, [N, 1, hidden]."""
        return self.g.node("Slice", [x, self.g.ints(0), self.g.ints(1), self.g.ints(1)], name)

    def layer(self, name: str, factor: float = 1.0, *, biased: bool = True) -> Layer:
        """Return ``factor`` times the linear layer of a name."""
        scale = np.float32(factor)
        weight = np.ascontiguousarray(self.weights[f"{PREFIX}{name}.weight"].T * scale)
        bias = self.weights[f"{PREFIX}{name}.bias"] * scale if biased else None
        return Layer(name, weight, bias)

    def linear(self, layer: Layer, x: str, tokens: int, part: str = "") -> str:
        """Write a linear layer of one or all tokens."""
        return self.linear_form(self.g, f"{layer.name}{part}", x, tokens, layer)

    def block(self, index: int, x: str, *, only_first: bool = False) -> str:
        """Write a block; with ``only_first`` its output is the first token's alone."""
        layer = f"encoder.layers.{index}"
        normal = self.norm(f"{layer}.layer_norm1", x)
        query, tokens = normal, self.tokens
        if only_first:
            query, tokens = self.first_token(normal, f"{layer}.class_normal"), 1
            x = self.first_token(x, f"{layer}.class_residual")
        k = self.linear(self.key(layer), normal, self.tokens)
        v = self.linear(self.value(layer), normal, self.tokens)
        keys, values = self.keys_and_values(layer, k, v)
        return self.rest_of_block(layer, x, query, tokens, keys, values)

    def rest_of_block(
        self, layer: str, x: str, query: str, tokens: int, keys: str, values: str, part: str = ""
    ) -> str:
        """Write what a block adds to ``x``, all tokens or one, whose layer norm is ``query``.

        ``part`` tells the names of nodes from those of the other tokens.
        """
        q = self.linear(
            self.layer(f"{layer}.self_attn.q_proj", self.config.head_size**-0.5),
            query,
            tokens,
            part,
        )
        queries = self.heads(q, f"{layer}.q{part}", [0, 2, 1, 3])
        # The class token, alone, is not turned.
        if tokens > 1:
            queries = self.turned(queries, f"{layer}.q{part}", tokens)
        mixed = self.attend(layer, queries, keys, values, part)
        out = self.linear(self.layer(f"{layer}.self_attn.out_proj"), mixed, tokens, part)
        x = self.g.node("Add", [x, out], f"{layer}.attended{part}")
        normal = self.norm(f"{layer}.layer_norm2", x, part)
        inner = self.perceptron(layer, normal, tokens, part)
        return self.g.node("Add", [x, inner], f"{layer}.output{part}")

    def perceptron(self, layer: str, x: str, tokens: int, part: str = "") -> str:
        """Write a layer's two linear layers with the activation between."""
        inner = self.linear(self.layer(f"{layer}.mlp.fc1"), x, tokens, part)
        inner = self.activation(f"{layer}.activation{part}", inner)
        return self.linear(self.layer(f"{layer}.mlp.fc2"), inner, tokens, part)

    def key(self, layer: str) -> Layer:
        """Return the layer that makes keys.

        Without its bias, which adds the same to all that a query is compared with, and so nothing
        to their softmax; unless keys are turned.
        """
        return self.layer(f"{layer}.self_attn.k_proj", biased=self.turns is not None)

    def value(self, layer: str) -> Layer:
        """Return the layer that makes values."""
        return self.layer(f"{layer}.self_attn.v_proj")

    def heads(self, value: str, name: str, perm: list[int]) -> str:
        """Part a value [N, tokens, hidden] into heads, its axes then in the order ``perm``."""
        c = self.config
        split = self.g.ints(0, -1, c.num_attention_heads, c.head_size)
        parted = self.g.node("Reshape", [value, split], f"{name}_parted")
        return self.g.node("Transpose", [parted], f"{name}_heads", perm=perm)

    def turned(self, value: str, name: str, tokens: int) -> str:
        """Turn the last tokens' queries or keys in heads by where their patch is, if at all.

        ``value`` is [N, heads, tokens, head size].
        """
        if self.turns is None:
            return value
        g, half = self.g, self.config.head_size // 2
        low = g.node("Slice", [value, g.ints(0), g.ints(half), g.ints(3)], f"{name}_low")
        high = [value, g.ints(half), g.ints(2 * half), g.ints(3)]
        other = g.node(
            "Concat", [g.node("Slice", high, f"{name}_high"), low], f"{name}_other", axis=3
        )
        cos, sin = (
            g.constant(f"turn_{kind}_{tokens}", value_of_all[-tokens:])
            for kind, value_of_all in (("cos", self.turns.cos), ("sin", self.turns.sin))
        )
        kept = g.node("Mul", [value, cos], f"{name}_kept")
        return g.node("Add", [kept, g.node("Mul", [other, sin], f"{name}_moved")], f"{name}_turned")

    def keys_and_values(self, layer: str, k: str, v: str) -> tuple[str, str]:
        """Part all tokens' keys and values, [N, tokens, hidden], into heads; keys are columns."""
        if self.turns:
            keys = self.heads(k, f"{layer}.k", [0, 2, 1, 3])
            keys = self.turned(keys, f"{layer}.k", self.tokens)
            keys = self.g.node("Transpose", [keys], f"{layer}.k_columns", perm=[0, 1, 3, 2])
        else:
            keys = self.heads(k, f"{layer}.k", [0, 2, 3, 1])
        return keys, self.heads(v, f"{layer}.v", [0, 2, 1, 3])

    def attend(self, layer: str, queries: str, keys: str, values: str, part: str = "") -> str:
        """Write attention, [N, queries, hidden], of queries, keys and values in heads."""
        g = self.g
        scores = g.node("MatMul", [queries, keys], f"{layer}.scores{part}")
        weights = g.node("Softmax", [scores], f"{layer}.attention{part}", axis=-1)
        mixed = g.node("MatMul", [weights, values], f"{layer}.mixed_heads{part}")
        mixed = g.node("Transpose", [mixed], f"{layer}.mixed_parted{part}", perm=[0, 2, 1, 3])
        wanted = g.ints(0, -1, self.config.hidden_size)
        return g.node("Reshape", [mixed, wanted], f"{layer}.mixed{part}")

    def activation(self, name: str, x: str) -> str:
        """Write the activation that the configuration names.

        Raises
        ------
        ValueError
            If it is another than the families have.
        """
        g, kind = self.g, self.config.hidden_act
        g.least[name] = LEAST_ACTIVATION
        if kind == "quick_gelu":
            steep = g.node("Mul", [x, g.constant("quick_gelu", 1.702)], f"{name}/steep")
            return g.node("Mul", [x, g.node("Sigmoid", [steep], f"{name}/gate")], name)
        if kind == "gelu":
            turned = g.node("Div", [x, g.constant("sqrt_2", 2.0**0.5)], f"{name}/scaled")
            bell = g.node("Erf", [turned], f"{name}/erf")
        elif kind == "gelu_pytorch_tanh":
            # x (1 + 0.044715 x²): where float16 overflows, tanh is 1 to the last bit anyhow.
            square = g.node("Mul", [x, x], f"{name}/square")
            bent = g.node("Mul", [square, g.constant("tanh_cubic", 0.044715)], f"{name}/bent")
            bent = g.node("Add", [bent, g.constant("one", 1.0)], f"{name}/bent_more")
            steep = g.node(
                "Mul", [x, g.constant("tanh_slope", (2 / np.pi) ** 0.5)], f"{name}/steep"
            )
            bell = g.node("Tanh", [g.node("Mul", [steep, bent], f"{name}/turned")], f"{name}/tanh")
        else:
            raise ValueError(
                f"activation {kind!r} is not known; CLIP has quick_gelu or gelu, SigLIP "
                "gelu_pytorch_tanh"
            )
        gate = g.node("Add", [bell, g.constant("one", 1.0)], f"{name}/gate")
        half = g.node("Mul", [x, gate], f"{name}/double")
        return g.node("Mul", [half, g.constant("half", 0.5)], name)
