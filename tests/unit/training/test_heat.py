"""The heat map against transformers' own models: every share of the logit is accounted for."""

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
import torch
from transformers import (
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    SiglipVisionConfig,
    SiglipVisionModel,
)

from tests.unit.training.test_tower import PIXELS, on_the_int8_grid
from tests.unit.training.tiny import CONFIG, DINOV3, PERCEPTION, SIGLIP, tiny_weights
from training.block import float_linear
from training.features import open_session
from training.heat import read_by_head
from training.quantize import int8_linear
from training.tower import LinearHead, build_graph
from training.tune.towers import build_model
from training.vision import PREFIX, VisionConfig, VisionWeights, preprocessing_of

Floats = npt.NDArray[np.float32]
RNG = np.random.default_rng(3)
HEADS = {
    # The last block writes only the class token; a head may also end before it, or tap one block.
    "early and last": LinearHead((1, 3), RNG.normal(size=(2, 64)).astype("f4"), 0.25),
    "before the last": LinearHead((1, 2), RNG.normal(size=(2, 64)).astype("f4"), -1.5),
    "the first": LinearHead((1,), RNG.normal(size=(1, 64)).astype("f4"), 0.0),
    "not in order": LinearHead((3, 2), RNG.normal(size=(2, 64)).astype("f4"), 0.5),
}
WAYS: dict[str, dict[str, Any]] = {
    "fp32": {},
    "fp16": {"half": True},
    "int8": {"linear": int8_linear},
}
# Of values of about one: float32 adds in another order; float16 has 11 bits; 8-bit sums have 14.
NEAR = {"fp32": 1e-5, "fp16": 2e-2, "int8": 2e-3}
of_every_head = pytest.mark.parametrize("head", HEADS.values(), ids=HEADS.keys())
of_every_way = pytest.mark.parametrize("way", WAYS)
of_every_family = pytest.mark.parametrize(
    "config", [CONFIG, SIGLIP, DINOV3, PERCEPTION], ids=lambda config: config.family
)


def graph(weights: VisionWeights, head: LinearHead, way: str = "fp32") -> onnx.ModelProto:
    options: dict[str, Any] = {"linear": float_linear, **WAYS[way]}
    return build_graph(weights, preprocessing_of(weights.config), head=head, **options)


def run(
    model: onnx.ModelProto, wanted: tuple[str, ...], pixels: npt.NDArray[np.uint8] = PIXELS
) -> list[Floats]:
    """Run a graph; ``wanted`` may name float32 values inside of it."""
    given = {output.name for output in model.graph.output}
    for name in set(wanted) - given:
        inside = onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        model.graph.output.append(inside)
    session = open_session(model.SerializeToString(), 1)
    return [np.asarray(value) for value in session.run(list(wanted), {"pixels": pixels})]


def normal(config: VisionConfig) -> torch.Tensor:
    spec = preprocessing_of(config)
    values = (PIXELS / 255.0 - np.array(spec.mean)) / np.array(spec.std)
    return torch.tensor(values.transpose(0, 3, 1, 2), dtype=torch.float32)


def siglip_model(weights: VisionWeights) -> SiglipVisionModel:
    """Return transformers' own model of the weights."""
    model = SiglipVisionModel(SiglipVisionConfig(**weights.config.model_dump())).eval()
    model.load_state_dict(
        {k.removeprefix(PREFIX): torch.tensor(v) for k, v in weights.state.items()}
    )
    return model


def clip_terms(weights: VisionWeights, head: LinearHead) -> tuple[Floats, Floats, Floats]:
    """Return each token's push and all that is of no token, by hooks; and the logits, [N]."""
    config = CLIPVisionConfig(**weights.config.model_dump(), attn_implementation="eager")
    model = CLIPVisionModelWithProjection(config).eval()
    model.load_state_dict({k: torch.tensor(v) for k, v in weights.state.items()})
    seen: dict[str, torch.Tensor] = {}
    for name, module in model.named_modules():
        if name.endswith(("v_proj", "mlp", "pre_layrnorm")):
            module.register_forward_hook(
                lambda _m, _i, out, name=name: seen.update({name.removeprefix(PREFIX): out})
            )
    with torch.no_grad():
        out = model(normal(weights.config), output_hidden_states=True, output_attentions=True)
    rows = torch.tensor(head.weight)
    taps = torch.stack([out.hidden_states[number][:, 0] for number in head.layers])
    logits = torch.einsum("tnd,td->n", taps, rows) + head.bias
    rest = seen["pre_layrnorm"][:, 0] @ rows.sum(dim=0) + head.bias
    tokens = torch.zeros(len(PIXELS), weights.config.tokens)
    for index in range(max(head.layers)):
        layer = f"encoder.layers.{index}"
        read = rows[[number > index for number in head.layers]].sum(dim=0)
        weight = torch.tensor(weights[f"{PREFIX}{layer}.self_attn.out_proj.weight"])
        values = seen[f"{layer}.self_attn.v_proj"].reshape(len(PIXELS), -1, 4, 16)
        pushed = torch.einsum("nthd,hd->nht", values, (read @ weight).reshape(4, 16))
        tokens += (out.attentions[index][:, :, 0] * pushed).sum(dim=1)
        bias = torch.tensor(weights[f"{PREFIX}{layer}.self_attn.out_proj.bias"])
        rest = rest + seen[f"{layer}.mlp"][:, 0] @ read + bias @ read
    return tokens.numpy(), rest.numpy(), logits.numpy()


@of_every_head
def test_every_share_of_clips_logit_is_accounted_for(head: LinearHead) -> None:
    weights = tiny_weights()
    tokens, rest, logits = clip_terms(weights, head)
    ours, patches, heat = run(graph(weights, head), ("logit", "heat_patches", "heat"))
    np.testing.assert_allclose(patches[..., 0], tokens[:, 1:], rtol=0, atol=1e-5)
    # What no patch wrote, and the class token's word to itself, are all that is missing.
    explained = patches.sum(axis=(1, 2)) + tokens[:, 0] + rest
    np.testing.assert_allclose(explained, logits, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(ours, logits, rtol=1e-5, atol=1e-5)
    even = (logits - tokens[:, 1:].sum(axis=1)) / 16
    expected = (tokens[:, 1:] + even[:, None]).reshape(-1, 4, 4)
    np.testing.assert_allclose(heat, expected, rtol=0, atol=1e-5)


def dinov3_pushes(weights: VisionWeights, head: LinearHead) -> Floats:
    """Return what each token pushes the logit by way of attention, [N, tokens]."""
    model = build_model(weights)
    x, pushed = model.get_submodule("embeddings")(normal(DINOV3)), torch.zeros(5, DINOV3.tokens)
    for index in range(max(head.layers)):
        block: Any = model.get_submodule(f"encoder.layers.{index}")
        inner, read = block.self_attn, torch.zeros(64)
        for number, row in zip(head.layers, head.weight, strict=True):
            read += torch.tensor(row) * (number > index)
        normed = block.layer_norm1(x)
        q, k, v = (
            project(normed).reshape(5, -1, 4, 16).transpose(1, 2)
            for project in (inner.q_proj, inner.k_proj, inner.v_proj)
        )
        # Of the class token's row alone; it is not turned itself.
        low, high = k.chunk(2, dim=-1)
        turned = k * inner.cos + torch.cat([high, low], dim=-1) * inner.sin
        attention = torch.softmax(q[:, :, :1] @ turned.transpose(2, 3) / 4, dim=-1)[:, :, 0]
        worth = (read @ inner.out_proj.weight).reshape(4, 16)
        pushed += (attention * torch.einsum("nhtd,hd->nht", v, worth)).sum(dim=1)
        x = block(x)
    found: Floats = pushed.numpy()
    return found


@of_every_head
def test_what_registers_write_is_of_no_patch(head: LinearHead) -> None:
    weights = tiny_weights(DINOV3)
    pushed = dinov3_pushes(weights, head)
    logit, patches, heat = run(graph(weights, head), ("logit", "heat_patches", "heat"))
    np.testing.assert_allclose(patches[..., 0], pushed[:, 5:], rtol=0, atol=1e-5)
    assert np.abs(pushed[:, 1:5]).max() > 1e-3
    even = (logit - pushed[:, 5:].sum(axis=1)) / 16
    expected = (pushed[:, 5:] + even[:, None]).reshape(-1, 4, 4)
    np.testing.assert_allclose(heat, expected, rtol=0, atol=1e-5)


@of_every_head
def test_siglips_map_is_what_the_head_reads_in_each_patch(head: LinearHead) -> None:
    weights = tiny_weights(SIGLIP)
    with torch.no_grad():
        states = siglip_model(weights)(normal(SIGLIP), output_hidden_states=True).hidden_states
    read = sum(states[n].numpy() @ row for n, row in zip(head.layers, head.weight, strict=True))
    expected = (read + head.bias).reshape(-1, 4, 4) / 16
    logit, heat = run(graph(weights, head), ("logit", "heat"))
    np.testing.assert_allclose(heat, expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(heat.sum(axis=(1, 2)), logit, rtol=1e-5, atol=1e-5)


@of_every_family
@of_every_way
def test_every_precision_says_the_same_map(config: VisionConfig, way: str) -> None:
    weights, head = tiny_weights(config), HEADS["early and last"]
    model = graph(weights, head, way)
    onnx.checker.check_model(model, full_check=True)
    logit, heat = run(model, ("logit", "heat"))
    (full,) = run(graph(weights, head), ("heat",))
    assert heat.shape == (5, 4, 4)
    assert heat.dtype == np.float32
    assert full.std(axis=(1, 2)).min() > 0.01
    np.testing.assert_allclose(heat, full, rtol=1e-3, atol=NEAR[way])
    np.testing.assert_allclose(heat.sum(axis=(1, 2)), logit, rtol=1e-5, atol=1e-5)


@of_every_family
@of_every_way
def test_the_map_changes_no_bit_of_what_was_said_before(config: VisionConfig, way: str) -> None:
    model = graph(tiny_weights(config), HEADS["early and last"], way)
    wanted = ("logit", "embedding")
    bare = onnx.utils.Extractor(model).extract_model(["pixels"], list(wanted))
    assert not [node.name for node in bare.graph.node if "heat" in node.name]
    for one, other in zip(run(model, wanted), run(bare, wanted), strict=True):
        np.testing.assert_array_equal(one, other)


@of_every_family
@of_every_way
def test_a_map_does_not_depend_on_its_batch(config: VisionConfig, way: str) -> None:
    weights = tiny_weights(config)
    if way == "int8":
        weights = on_the_int8_grid(weights)
    model = graph(weights, HEADS["not in order"], way)
    (together,) = run(model, ("heat",))
    for number in range(len(PIXELS)):
        (alone,) = run(model, ("heat",), PIXELS[number : number + 1])
        # The 8-bit graph's sums are integers: equal to the bit.
        tolerance = {"fp32": 1e-6, "fp16": 2e-3, "int8": 0.0}[way]
        np.testing.assert_allclose(alone[0], together[number], rtol=0, atol=tolerance)


@of_every_family
def test_a_graph_without_a_head_has_no_map(config: VisionConfig) -> None:
    model = build_graph(tiny_weights(config), preprocessing_of(config), layers=(1, 3))
    assert [output.name for output in model.graph.output] == ["embedding", "taps"]
    assert not [node.name for node in model.graph.node if "heat" in node.name]


def test_a_block_counts_for_the_taps_after_it() -> None:
    head = LinearHead((2, 3), np.array([[1, 0], [0, 1]], np.float32), 0.0)
    out = np.array([[1, 2], [3, 4]], np.float32)
    for number, expected in ((1, [4, 6]), (2, [4, 6]), (3, [3, 4])):
        np.testing.assert_array_equal(read_by_head(head, number, out), expected)
