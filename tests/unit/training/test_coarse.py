"""The 8-bit graph whose patches are coarse, on processors whose products saturate and others."""

from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from tests.unit.training.processor import EXACT, SATURATING, expect_sums
from tests.unit.training.test_tower import LAYERS, PIXELS, SPEC, on_the_int8_grid, reference, run
from tests.unit.training.tiny import CONFIG, DINOV3, PERCEPTION, tiny_weights
from training.block import LEAST_ACTIVATION, Blocks, float_linear
from training.coarse import coarse_linear
from training.features import open_session
from training.graph import GraphBuilder
from training.quantize import int8_linear
from training.saturation import processor_saturates
from training.tower import build_graph
from training.vision import VisionConfig, VisionWeights

CONFIGS = pytest.mark.parametrize(
    "config", [CONFIG, DINOV3, PERCEPTION], ids=["clip", "dinov3", "perception"]
)


def rounded(config: VisionConfig = CONFIG) -> VisionWeights:
    return on_the_int8_grid(tiny_weights(config))


def graph_of(weights: VisionWeights, sums: int | None = None) -> onnx.ModelProto:
    """Write the graph; one that is told what sums to expect does not judge by the processor."""
    model = build_graph(weights, SPEC, layers=LAYERS, linear=coarse_linear, first=int8_linear)
    onnx.checker.check_model(model)
    if sums is not None:
        expect_sums(model, sums)
    return model


def taps_of(model: onnx.ModelProto, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    (taps,) = open_session(model.SerializeToString(), 1).run(["taps"], {"pixels": pixels})
    return np.asarray(taps)


def apart(ours: npt.NDArray[np.float32], theirs: npt.NDArray[np.float32]) -> float:
    """Return how far class tokens lie apart, in shares of their spread."""
    return float(np.sqrt(((ours - theirs) ** 2).mean() / theirs.var()))


@CONFIGS
@pytest.mark.parametrize(("sums", "most"), [(None, 0.02), (SATURATING, 0.001)])
def test_class_tokens_are_those_of_float32(
    config: VisionConfig, sums: int | None, most: float
) -> None:
    weights = rounded(config)
    _, theirs = run(weights, PIXELS, float_linear)
    assert apart(taps_of(graph_of(weights, sums), PIXELS), theirs) < most


def test_it_equals_transformers() -> None:
    weights = rounded()
    _, theirs = reference(weights, PIXELS)
    assert apart(taps_of(graph_of(weights), PIXELS), theirs) < 0.02


@pytest.mark.parametrize(("sums", "digits"), [(EXACT, 1), (SATURATING, 2)])
def test_only_digits_that_are_needed_are_loaded(tmp_path: Path, sums: int, digits: int) -> None:
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(tmp_path / "loaded.onnx")
    ort.InferenceSession(graph_of(rounded(), sums).SerializeToString(), options)
    kinds = Counter(node.op_type for node in onnx.load(tmp_path / "loaded.onnx").graph.node)
    first = 6 * CONFIG.num_hidden_layers
    # Of the last block, query, output and perceptron are of the class token alone.
    others = first - 4
    # Of the class token one product for both digits, of the others one for each.
    assert kinds["MatMulIntegerToFloat"] == first + others * digits
    assert not kinds["If"]


@pytest.mark.parametrize("sums", [None, SATURATING])
def test_an_image_is_alone_in_its_batch(sums: int | None) -> None:
    model = graph_of(tiny_weights(), sums)
    together = taps_of(model, PIXELS)
    for number in range(len(PIXELS)):
        np.testing.assert_array_equal(
            taps_of(model, PIXELS[number : number + 1])[0], together[number]
        )


def test_no_pair_of_products_saturates_where_they_could() -> None:
    model = graph_of(rounded(), SATURATING)
    digits = [n.output[0] for n in model.graph.node if n.op_type == "QuantizeLinear"]
    for name in digits:
        model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.UINT8, None))
    session = open_session(model.SerializeToString(), 1)
    for values in session.run(digits, {"pixels": PIXELS}):
        assert 2 * 127 * int(np.asarray(values).max()) < 2**15


@pytest.mark.parametrize("kind", ["quick_gelu", "gelu", "gelu_pytorch_tanh"])
def test_no_activation_falls_below_what_digits_hold(kind: str) -> None:
    g = GraphBuilder()
    weights = tiny_weights(CONFIG.model_copy(update={"hidden_act": kind}))
    Blocks(g, weights, float_linear).activation("y", "x")
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n"]) for n in ("x", "y")]
    model = g.model(ends[:1], ends[1:], "activation")
    x = np.linspace(-30, 30, 60_001, dtype=np.float32)
    (y,) = open_session(model.SerializeToString(), 1).run(["y"], {"x": x})
    assert LEAST_ACTIVATION <= np.asarray(y).min() < LEAST_ACTIVATION + 0.01


def test_saturation_is_what_the_processor_does() -> None:
    """By other numbers than the question's own, in another shape."""
    model = onnx.parser.parse_model(
        """<ir_version: 10, opset_import: ["": 17]>
        product (uint8[32, 128] a, int8[128, 32] b) => (int32[32, 32] y)
        { y = MatMulInteger(a, b) }"""
    )
    feed = {"a": np.full((32, 128), 200, np.uint8), "b": np.full((128, 32), -100, np.int8)}
    (sums,) = ort.InferenceSession(model.SerializeToString()).run(None, feed)
    assert processor_saturates() is bool((np.asarray(sums) != 200 * -100 * 128).any())
