"""The graph we write against transformers' own model, float32 and 8-bit."""

import numpy as np
import numpy.typing as npt
import onnx
import pytest
import torch
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from detector.package import Preprocessing
from tests.unit.training.tiny import CONFIG, tiny_weights
from training.block import Linear, float_linear
from training.features import open_session
from training.graph import GraphBuilder
from training.quantize import int8_linear, quantize_channels
from training.tower import LinearHead, build_graph
from training.vision import VisionConfig, VisionWeights, WeightsError

SPEC = Preprocessing(size=32)
LAYERS = (1, 2, 3)
PIXELS = np.random.default_rng(2).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
PIXELS[4] = 0  # a black image must not divide by nothing


def run(
    weights: VisionWeights, pixels: npt.NDArray[np.uint8], linear: Linear
) -> list[npt.NDArray[np.float32]]:
    model = build_graph(weights, SPEC, layers=LAYERS, linear=linear)
    onnx.checker.check_model(model)
    found = open_session(model.SerializeToString(), 1).run(
        ["embedding", "taps"], {"pixels": pixels}
    )
    return [np.asarray(value) for value in found]


def reference(
    weights: VisionWeights, pixels: npt.NDArray[np.uint8]
) -> list[npt.NDArray[np.float32]]:
    config = CLIPVisionConfig(**weights.config.model_dump(), attention_dropout=0.0)
    model = CLIPVisionModelWithProjection(config).eval()
    model.load_state_dict({k: torch.tensor(v) for k, v in weights.state.items()})
    normal = (pixels / 255.0 - np.array(SPEC.mean)) / np.array(SPEC.std)
    batch = torch.tensor(normal.transpose(0, 3, 1, 2), dtype=torch.float32)
    with torch.no_grad():
        out = model(batch, output_hidden_states=True)
    taps = np.stack([out.hidden_states[layer][:, 0].numpy() for layer in LAYERS], axis=1)
    return [out.image_embeds.numpy(), taps]


@pytest.mark.parametrize("activation", ["quick_gelu", "gelu"])
@pytest.mark.parametrize("linear", [float_linear, int8_linear], ids=["fp32", "int8"])
@pytest.mark.parametrize("on_grid", [True, False], ids=["rounded", "as trained"])
def test_equals_transformers(activation: str, linear: Linear, on_grid: bool) -> None:
    weights = tiny_weights(CONFIG.model_copy(update={"hidden_act": activation}))
    if on_grid:
        weights = on_the_int8_grid(weights)
    # float32 sums in another order; 14-bit activations and 15-bit weights are as near.
    tolerance = 2e-5 if linear is float_linear else 2e-3
    for ours, theirs in zip(run(weights, PIXELS, linear), reference(weights, PIXELS), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


def on_the_int8_grid(weights: VisionWeights) -> VisionWeights:
    """Round linear weights to int8 beforehand, as the wheel's are."""
    state = dict(weights.state)
    for name, value in state.items():
        if name.endswith(("proj.weight", "fc1.weight", "fc2.weight")):
            values, scale = quantize_channels(np.ascontiguousarray(value.T))
            state[name] = np.ascontiguousarray((values * scale).T)
    return VisionWeights(weights.config, state, "tiny", "test:tiny", "a" * 64)


@pytest.mark.parametrize("linear", [float_linear, int8_linear], ids=["fp32", "int8"])
def test_an_image_is_alone_in_its_batch(linear: Linear) -> None:
    weights = tiny_weights()
    together = run(weights, PIXELS, linear)
    for number in range(len(PIXELS)):
        alone = run(weights, PIXELS[number : number + 1], linear)
        for one, many in zip(alone, together, strict=True):
            # The 8-bit graph's sums are integers: equal to the bit.
            tolerance = 0.0 if linear is int8_linear else 1e-5
            np.testing.assert_allclose(one[0], many[number], rtol=0, atol=tolerance)


def test_weights_on_the_grid_are_kept_exactly() -> None:
    values, scale = quantize_channels(
        on_the_int8_grid(tiny_weights())["vision_model.encoder.layers.0.mlp.fc1.weight"].T
    )
    again, scale_again = quantize_channels((values * scale).astype(np.float32))
    np.testing.assert_array_equal(values, again)
    np.testing.assert_allclose(scale, scale_again, rtol=1e-6)


@pytest.mark.parametrize("on_grid", [True, False])
def test_only_weights_off_the_grid_take_a_second_digit(on_grid: bool) -> None:
    weights = on_the_int8_grid(tiny_weights()) if on_grid else tiny_weights()
    model = build_graph(weights, SPEC, layers=LAYERS, linear=int8_linear)
    second = [t.name for t in model.graph.initializer if t.name.endswith(".weight_q8_rest")]
    # Four of attention and two of the perceptron in each block.
    assert len(second) == (0 if on_grid else 6 * 3)


def test_an_empty_channel_is_zero() -> None:
    values, scale = quantize_channels(np.zeros((4, 2), np.float32))
    assert not values.any()
    assert (scale == 1).all()


def test_no_pair_of_products_saturates_16_bits() -> None:
    """AVX2 without VNNI adds two u8 by s8 products in 16 bits, saturating."""
    model = build_graph(tiny_weights(), SPEC, layers=LAYERS, linear=int8_linear)
    digits = [n.output[0] for n in model.graph.node if n.op_type == "QuantizeLinear"]
    assert digits
    for name in digits:
        model.graph.output.append(
            onnx.helper.make_tensor_value_info(name, onnx.TensorProto.UINT8, None)
        )
    session = open_session(model.SerializeToString(), 1)
    for values in session.run(digits, {"pixels": PIXELS}):
        assert 2 * 127 * int(np.asarray(values).max()) < 2**15


def test_the_head_is_in_the_graph() -> None:
    weights = tiny_weights()
    rng = np.random.default_rng(3)
    head = LinearHead((2, 3), rng.normal(size=(2, 64)).astype(np.float32), 0.25)
    model = build_graph(weights, SPEC, head=head)
    onnx.checker.check_model(model)
    assert [o.name for o in model.graph.output] == ["logit", "embedding", "heat"]
    (logit,) = open_session(model.SerializeToString(), 1).run(["logit"], {"pixels": PIXELS})
    _, taps = run(weights, PIXELS, float_linear)
    expected = (taps[:, 1:] * head.weight).sum(axis=(1, 2)) + head.bias
    np.testing.assert_allclose(np.asarray(logit), expected, rtol=1e-4, atol=1e-4)


def test_the_same_weights_give_the_same_bytes() -> None:
    head = LinearHead((3,), np.ones((1, 64), np.float32), 0.0)
    for linear in (float_linear, int8_linear):
        first, second = (
            build_graph(tiny_weights(), SPEC, head=head, linear=linear).SerializeToString()
            for _ in range(2)
        )
        assert first == second


@pytest.mark.parametrize("layers", [(0,), (4,)])
def test_a_layer_that_is_not_there_is_refused(layers: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="blocks 1 to 3"):
        build_graph(tiny_weights(), SPEC, layers=layers)


def test_an_unknown_activation_is_refused() -> None:
    weights = tiny_weights(CONFIG.model_copy(update={"hidden_act": "relu"}))
    with pytest.raises(ValueError, match="relu"):
        build_graph(weights, SPEC)


def test_weights_must_fit_their_configuration() -> None:
    state = dict(tiny_weights().state)
    del state["visual_projection.weight"]
    with pytest.raises(WeightsError, match=r"visual_projection\.weight should be float32"):
        VisionWeights(CONFIG, state, "tiny", "test:tiny", "a" * 64)


def test_configurations_of_clip_are_read() -> None:
    vision = {"hidden_size": 1024, "patch_size": 14, "model_type": "clip_vision_model"}
    whole = {"model_type": "clip", "projection_dim": 768, "vision_config": vision}
    assert VisionConfig.from_transformers(whole).projection_dim == 768
    assert VisionConfig.from_transformers(whole).grid == 16
    assert VisionConfig.from_transformers({**vision, "projection_dim": 640}).projection_dim == 640
    with pytest.raises(WeightsError, match="dinov2"):
        VisionConfig.from_transformers({"model_type": "dinov2"})


def test_a_constant_is_kept_once() -> None:
    g = GraphBuilder()
    assert g.constant("a", [1.0, 2.0]) == g.constant("a", [9.0])
    assert len(g.initializers) == 1
