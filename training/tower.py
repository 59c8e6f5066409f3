"""The detector's ONNX graph, written from a CLIP vision tower's weights: no torch, no tracing.

Input ``pixels`` uint8 [N, size, size, 3]; outputs ``embedding`` float32 [N, projection], the
``taps`` [N, T, hidden] (class token of the residual stream after chosen blocks) when asked for, and
``logit`` float32 [N] when a head is given. Follows transformers' ``CLIPVisionModelWithProjection``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper

from detector.package import Preprocessing
from training.graph import GraphBuilder
from training.vision import PREFIX, PROJECTION, Array, VisionWeights

# Writes ``name`` = x @ weight + bias of a block's linear layer, given (builder, name, x, tokens,
# weight, bias): x is [N, tokens, in], weight [in, out], both float32.
Linear = Callable[[GraphBuilder, str, str, int, Array, Array], str]


@dataclass(frozen=True)
class LinearHead:
    """``logit = sum(weight * taps) + bias``; weight is float32 [T, hidden]."""

    layers: tuple[int, ...]
    weight: Array
    bias: float


def multiply(g: GraphBuilder, name: str, x: str, weight: Array) -> str:
    """Write x @ weight in float32."""
    return g.node("MatMul", [x, g.constant(f"{name}.weight", weight)], name)


def float_linear(
    g: GraphBuilder, name: str, x: str, _tokens: int, weight: Array, bias: Array
) -> str:
    """Write a linear layer in float32."""
    product = g.node("MatMul", [x, g.constant(f"{name}.weight", weight)], f"{name}/product")
    return g.node("Add", [product, g.constant(f"{name}.bias", bias)], name)


class Tower:
    """Writes one tower into a graph builder."""

    def __init__(
        self, weights: VisionWeights, spec: Preprocessing, linear: Linear = float_linear
    ) -> None:
        self.weights, self.config, self.spec = weights, weights.config, spec
        self.linear = linear
        self.tokens = self.config.grid**2 + 1
        self.g = GraphBuilder()

    def write(self, layers: tuple[int, ...]) -> tuple[str, dict[int, str]]:
        """Write the tower; return the embedding and the class token after each of ``layers``."""
        taps: dict[int, str] = {}
        x = self._norm("pre_layrnorm", self._embed())
        last = self.config.num_hidden_layers
        for number in range(1, last + 1):
            # After the last block only the class token is read, so only it is computed there.
            x = self._block(number - 1, x, only_class=number == last)
            if number in layers:
                taps[number] = x if number == last else self._class_token(x, f"tap_{number}")
        pooled = self._norm("post_layernorm", x)
        flat = self.g.node("Reshape", [pooled, self.g.ints(-1, self.config.hidden_size)], "pooled")
        projection = np.ascontiguousarray(self.weights[PROJECTION].T)
        return multiply(self.g, "embedding", flat, projection), taps

    def _embed(self) -> str:
        """Pixels to tokens [N, 1 + grid², hidden]: normalise, cut into patches, project."""
        g, c = self.g, self.config
        mean = g.constant("pixel_mean", np.array(self.spec.mean) * 255.0)
        scale = g.constant("pixel_scale", 1.0 / (np.array(self.spec.std) * 255.0))
        x = g.node("Cast", ["pixels"], "pixels_float", to=TensorProto.FLOAT)
        x = g.node("Mul", [g.node("Sub", [x, mean], "pixels_centred"), scale], "pixels_normal")
        cut = g.ints(-1, c.grid, c.patch_size, c.grid, c.patch_size, 3)
        x = g.node("Reshape", [x, cut], "patch_rows")
        x = g.node("Transpose", [x], "patch_grid", perm=[0, 1, 3, 2, 4, 5])
        x = g.node("Reshape", [x, g.ints(-1, c.grid**2, 3 * c.patch_size**2)], "patches")
        kernel = self.weights[PREFIX + "embeddings.patch_embedding.weight"]
        flat = np.ascontiguousarray(kernel.transpose(2, 3, 1, 0).reshape(-1, c.hidden_size))
        x = multiply(g, "patch_embedding", x, flat)
        position = self.weights[PREFIX + "embeddings.position_embedding.weight"]
        x = g.node("Add", [x, g.constant("patch_position", position[1:])], "patch_tokens")
        first = self.weights[PREFIX + "embeddings.class_embedding"] + position[0]
        start = g.constant("class_token", first.reshape(1, 1, -1))
        batch = g.node("Slice", [g.node("Shape", ["pixels"], "shape"), g.ints(0), g.ints(1)], "n")
        count = g.node("Concat", [batch, g.ints(1, c.hidden_size)], "class_shape", axis=0)
        return g.node(
            "Concat", [g.node("Expand", [start, count], "class_tokens"), x], "tokens", axis=1
        )

    def _norm(self, name: str, x: str) -> str:
        weights = [
            self.g.constant(f"{name}.{part}", self.weights[f"{PREFIX}{name}.{part}"])
            for part in ("weight", "bias")
        ]
        epsilon = self.config.layer_norm_eps
        return self.g.node("LayerNormalization", [x, *weights], name, axis=-1, epsilon=epsilon)

    def _class_token(self, x: str, name: str) -> str:
        return self.g.node("Slice", [x, self.g.ints(0), self.g.ints(1), self.g.ints(1)], name)

    def _linear(self, layer: str, name: str, x: str, tokens: int, factor: float = 1.0) -> str:
        """Write ``factor`` times a linear layer of a block."""
        stem = f"{PREFIX}{layer}.{name}"
        scale = np.float32(factor)
        weight = np.ascontiguousarray(self.weights[f"{stem}.weight"].T * scale)
        bias = self.weights[f"{stem}.bias"] * scale
        return self.linear(self.g, f"{layer}.{name}", x, tokens, weight, bias)

    def _block(self, index: int, x: str, *, only_class: bool) -> str:
        layer = f"encoder.layers.{index}"
        normal = self._norm(f"{layer}.layer_norm1", x)
        query, tokens = normal, self.tokens
        if only_class:
            query, tokens = self._class_token(normal, f"{layer}.class_normal"), 1
            x = self._class_token(x, f"{layer}.class_residual")
        mixed = self._attention(layer, query, tokens, normal)
        out = self._linear(layer, "self_attn.out_proj", mixed, tokens)
        x = self.g.node("Add", [x, out], f"{layer}.attended")
        inner = self._norm(f"{layer}.layer_norm2", x)
        inner = self._linear(layer, "mlp.fc1", inner, tokens)
        inner = self._activation(f"{layer}.activation", inner)
        inner = self._linear(layer, "mlp.fc2", inner, tokens)
        return self.g.node("Add", [x, inner], f"{layer}.output")

    def _attention(self, layer: str, query: str, tokens: int, normal: str) -> str:
        g, c = self.g, self.config
        q = self._linear(layer, "self_attn.q_proj", query, tokens, c.head_size**-0.5)
        k = self._linear(layer, "self_attn.k_proj", normal, self.tokens)
        v = self._linear(layer, "self_attn.v_proj", normal, self.tokens)
        split = g.ints(0, -1, c.num_attention_heads, c.head_size)

        def heads(value: str, name: str, perm: list[int]) -> str:
            parted = g.node("Reshape", [value, split], f"{layer}.{name}_parted")
            return g.node("Transpose", [parted], f"{layer}.{name}_heads", perm=perm)

        scores = g.node(
            "MatMul",
            [heads(q, "q", [0, 2, 1, 3]), heads(k, "k", [0, 2, 3, 1])],
            f"{layer}.scores",
        )
        weights = g.node("Softmax", [scores], f"{layer}.attention", axis=-1)
        mixed = g.node("MatMul", [weights, heads(v, "v", [0, 2, 1, 3])], f"{layer}.mixed_heads")
        mixed = g.node("Transpose", [mixed], f"{layer}.mixed_parted", perm=[0, 2, 1, 3])
        return g.node("Reshape", [mixed, g.ints(0, -1, c.hidden_size)], f"{layer}.mixed")

    def _activation(self, name: str, x: str) -> str:
        g = self.g
        if self.config.hidden_act == "quick_gelu":
            steep = g.node("Mul", [x, g.constant("quick_gelu", 1.702)], f"{name}/steep")
            return g.node("Mul", [x, g.node("Sigmoid", [steep], f"{name}/gate")], name)
        if self.config.hidden_act == "gelu":
            turned = g.node("Div", [x, g.constant("sqrt_2", 2.0**0.5)], f"{name}/scaled")
            bell = g.node("Erf", [turned], f"{name}/erf")
            gate = g.node("Add", [bell, g.constant("one", 1.0)], f"{name}/gate")
            half = g.node("Mul", [x, gate], f"{name}/double")
            return g.node("Mul", [half, g.constant("half", 0.5)], name)
        raise ValueError(
            f"activation {self.config.hidden_act!r} is not known; CLIP has quick_gelu or gelu"
        )


def build_graph(
    weights: VisionWeights,
    spec: Preprocessing,
    *,
    head: LinearHead | None = None,
    layers: tuple[int, ...] = (),
    linear: Linear = float_linear,
) -> onnx.ModelProto:
    """Build the ONNX model.

    Parameters
    ----------
    weights
        The encoder.
    spec
        Preprocessing, of which mean and std are written into the graph.
    head
        The linear head; gives the output ``logit``.
    layers
        Without a head: the blocks, counted from 1, whose class token is given as ``taps``.
    linear
        How the blocks' linear layers are written; the default keeps float32.

    Raises
    ------
    ValueError
        If a layer is not one of the tower's blocks.
    """
    wanted = head.layers if head else layers
    depth = weights.config.num_hidden_layers
    if not all(1 <= layer <= depth for layer in wanted):
        raise ValueError(f"layers {list(wanted)}: the encoder has blocks 1 to {depth}")
    tower = Tower(weights, spec, linear)
    embedding, taps = tower.write(wanted)
    g, config = tower.g, weights.config
    shape = ["n", config.projection_dim]
    outputs = [helper.make_tensor_value_info(embedding, TensorProto.FLOAT, shape)]
    if wanted:
        name = "tokens_tapped" if head else "taps"
        tapped = g.node("Concat", [taps[layer] for layer in wanted], name, axis=1)
        if head is None:
            shape = ["n", len(wanted), config.hidden_size]
            outputs.append(helper.make_tensor_value_info(tapped, TensorProto.FLOAT, shape))
        else:
            width = len(wanted) * config.hidden_size
            flat = g.node("Reshape", [tapped, g.ints(-1, width)], "head_input")
            weight, bias = head.weight.reshape(width, 1), np.array([head.bias], np.float32)
            column = float_linear(g, "head", flat, 1, weight, bias)
            logit = g.node("Reshape", [column, g.ints(-1)], "logit")
            outputs.insert(0, helper.make_tensor_value_info(logit, TensorProto.FLOAT, ["n"]))
    size = config.image_size
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", size, size, 3])
    return g.model([pixels], outputs, "detector")
