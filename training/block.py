"""The blocks of a vision transformer, written into an ONNX graph; all families share them."""

from collections.abc import Callable

import numpy as np

from training.graph import GraphBuilder
from training.rope import turns
from training.vision import PREFIX, Array, VisionWeights

# What no activation of these families falls below: GELU has -0.16997, the others a little more.
LEAST_ACTIVATION = -0.171

# Writes ``name`` = x @ weight + bias of a block's linear layer, given (builder, name, x, tokens,
# weight, bias): x is [N, tokens, in], weight [in, out], both float32.
Linear = Callable[[GraphBuilder, str, str, int, Array, Array], str]


def multiply(g: GraphBuilder, name: str, x: str, weight: Array) -> str:
    """Write x @ weight."""
    return g.node("MatMul", [x, g.constant(f"{name}.weight", weight)], name)


def float_linear(
    g: GraphBuilder, name: str, x: str, _tokens: int, weight: Array, bias: Array
) -> str:
    """Write a linear layer in the builder's own precision."""
    product = g.node("MatMul", [x, g.constant(f"{name}.weight", weight)], f"{name}/product")
    return g.node("Add", [product, g.constant(f"{name}.bias", bias)], name)


class Blocks:
    """Writes blocks of one tower into a graph builder."""

    def __init__(self, g: GraphBuilder, weights: VisionWeights, linear: Linear) -> None:
        self.g, self.weights, self.linear_form = g, weights, linear
        self.config = weights.config
        self.tokens = self.config.tokens
        self.turns = turns(self.config) if self.config.rotary else None

    def patches(self, x: str) -> str:
        """Cut pixels [N, size, size, 3] into patches and project: [N, grid², hidden]."""
        g, c = self.g, self.config
        cut = g.ints(-1, c.grid, c.patch_size, c.grid, c.patch_size, 3)
        x = g.node("Reshape", [x, cut], "patch_rows")
        x = g.node("Transpose", [x], "patch_grid", perm=[0, 1, 3, 2, 4, 5])
        x = g.node("Reshape", [x, g.ints(-1, c.grid**2, 3 * c.patch_size**2)], "patches")
        kernel = self.weights[PREFIX + "embeddings.patch_embedding.weight"]
        flat = np.ascontiguousarray(kernel.transpose(2, 3, 1, 0).reshape(-1, c.hidden_size))
        return multiply(g, "patch_embedding", x, flat)

    def norm(self, name: str, x: str) -> str:
        """Write a layer norm; its sums run in float32 whatever the graph's precision."""
        weights = [
            self.g.constant(f"{name}.{part}", self.weights[f"{PREFIX}{name}.{part}"])
            for part in ("weight", "bias")
        ]
        epsilon = self.config.layer_norm_eps
        return self.g.node("LayerNormalization", [x, *weights], name, axis=-1, epsilon=epsilon)

    def first_token(self, x: str, name: str) -> str:
        """Write the first token of a value, [N, 1, hidden]."""
        return self.g.node("Slice", [x, self.g.ints(0), self.g.ints(1), self.g.ints(1)], name)

    def linear(self, name: str, x: str, tokens: int, factor: float = 1.0) -> str:
        """Write ``factor`` times the linear layer of a name."""
        scale = np.float32(factor)
        weight = np.ascontiguousarray(self.weights[f"{PREFIX}{name}.weight"].T * scale)
        bias = self.weights[f"{PREFIX}{name}.bias"] * scale
        return self.linear_form(self.g, name, x, tokens, weight, bias)

    def block(self, index: int, x: str, *, only_first: bool = False) -> str:
        """Write a block; with ``only_first`` its output is the first token's alone."""
        layer = f"encoder.layers.{index}"
        normal = self.norm(f"{layer}.layer_norm1", x)
        query, tokens = normal, self.tokens
        if only_first:
            query, tokens = self.first_token(normal, f"{layer}.class_normal"), 1
            x = self.first_token(x, f"{layer}.class_residual")
        mixed = self._attention(layer, query, tokens, normal)
        out = self.linear(f"{layer}.self_attn.out_proj", mixed, tokens)
        x = self.g.node("Add", [x, out], f"{layer}.attended")
        inner = self.perceptron(layer, self.norm(f"{layer}.layer_norm2", x), tokens)
        return self.g.node("Add", [x, inner], f"{layer}.output")

    def perceptron(self, layer: str, x: str, tokens: int) -> str:
        """Write a layer's two linear layers with the activation between."""
        inner = self.linear(f"{layer}.mlp.fc1", x, tokens)
        inner = self.activation(f"{layer}.activation", inner)
        return self.linear(f"{layer}.mlp.fc2", inner, tokens)

    def _attention(self, layer: str, query: str, tokens: int, normal: str) -> str:
        attention = f"{layer}.self_attn"
        q = self.linear(f"{attention}.q_proj", query, tokens, self.config.head_size**-0.5)
        k = self.linear(f"{attention}.k_proj", normal, self.tokens)
        v = self.linear(f"{attention}.v_proj", normal, self.tokens)
        queries = self.heads(q, f"{layer}.q", [0, 2, 1, 3])
        # The class token, alone, is not turned.
        if self.turns and tokens > 1:
            queries = self.turned(queries, f"{layer}.q")
        return self.mix(layer, queries, k, v)

    def heads(self, value: str, name: str, perm: list[int]) -> str:
        """Part a value [N, tokens, hidden] into heads, its axes then in the order ``perm``."""
        c = self.config
        split = self.g.ints(0, -1, c.num_attention_heads, c.head_size)
        parted = self.g.node("Reshape", [value, split], f"{name}_parted")
        return self.g.node("Transpose", [parted], f"{name}_heads", perm=perm)

    def turned(self, value: str, name: str) -> str:
        """Turn queries or keys in heads, [N, heads, tokens, head size], by where their patch is."""
        if self.turns is None:
            return value
        g, half = self.g, self.config.head_size // 2
        low = g.node("Slice", [value, g.ints(0), g.ints(half), g.ints(3)], f"{name}_low")
        high = [value, g.ints(half), g.ints(2 * half), g.ints(3)]
        other = g.node(
            "Concat", [g.node("Slice", high, f"{name}_high"), low], f"{name}_other", axis=3
        )
        cos, sin = g.constant("turn_cos", self.turns.cos), g.constant("turn_sin", self.turns.sin)
        kept = g.node("Mul", [value, cos], f"{name}_kept")
        return g.node("Add", [kept, g.node("Mul", [other, sin], f"{name}_moved")], f"{name}_turned")

    def mix(self, layer: str, queries: str, k: str, v: str) -> str:
        """Write attention: [N, queries, hidden] of queries in heads, and keys and values."""
        g = self.g
        if self.turns:
            keys = self.turned(self.heads(k, f"{layer}.k", [0, 2, 1, 3]), f"{layer}.k")
            keys = g.node("Transpose", [keys], f"{layer}.k_columns", perm=[0, 1, 3, 2])
        else:
            keys = self.heads(k, f"{layer}.k", [0, 2, 3, 1])
        scores = g.node("MatMul", [queries, keys], f"{layer}.scores")
        weights = g.node("Softmax", [scores], f"{layer}.attention", axis=-1)
        values = self.heads(v, f"{layer}.v", [0, 2, 1, 3])
        mixed = g.node("MatMul", [weights, values], f"{layer}.mixed_heads")
        mixed = g.node("Transpose", [mixed], f"{layer}.mixed_parted", perm=[0, 2, 1, 3])
        return g.node("Reshape", [mixed, g.ints(0, -1, self.config.hidden_size)], f"{layer}.mixed")

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
