"""The half-precision graph: near the float32 graph, and float32 where it must be."""

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto

from tests.unit.training.test_tower import PIXELS
from tests.unit.training.tiny import CONFIG, DINOV3, PERCEPTION, SIGLIP, tiny_weights
from training.features import open_session
from training.tower import LinearHead, build_graph
from training.vision import VisionConfig, preprocessing_of

HEAD = LinearHead((2, 3), np.random.default_rng(3).normal(size=(2, 64)).astype("f4"), 0.25)
FAMILIES = pytest.mark.parametrize(
    "config", [CONFIG, SIGLIP, DINOV3, PERCEPTION], ids=lambda config: config.family
)


def graph(config: VisionConfig, *, half: bool) -> onnx.ModelProto:
    return build_graph(tiny_weights(config), preprocessing_of(config), head=HEAD, half=half)


def run(model: onnx.ModelProto) -> list[npt.NDArray[np.float32]]:
    session = open_session(model.SerializeToString(), 1)
    found = session.run(["logit", "embedding"], {"pixels": PIXELS})
    return [np.asarray(value) for value in found]


@FAMILIES
def test_it_is_near_float32(config: VisionConfig) -> None:
    model = graph(config, half=True)
    onnx.checker.check_model(model, full_check=True)
    for ours, theirs in zip(run(model), run(graph(config, half=False)), strict=True):
        assert ours.dtype == np.float32
        assert not np.array_equal(ours, theirs)
        # A few roundings of 2**-11 of values that reach about ten.
        np.testing.assert_allclose(ours, theirs, rtol=0.02, atol=0.05)


@FAMILIES
def test_blocks_are_half_and_the_rest_is_not(config: VisionConfig) -> None:
    tensors = {t.name: t.data_type for t in graph(config, half=True).graph.initializer}
    whole = ("ints_", "pixel_", "head.weight", "head.bias", "embedding.", "ones", "token_", "tap_")
    for name, kind in tensors.items():
        if name.startswith((*whole, "patch_share")):
            assert kind in {TensorProto.FLOAT, TensorProto.INT64}, name
        else:
            assert kind == TensorProto.FLOAT16, name
    small, large = (len(graph(config, half=h).SerializeToString()) for h in (True, False))
    assert small < 0.6 * large


@FAMILIES
def test_the_same_weights_give_the_same_bytes(config: VisionConfig) -> None:
    first, second = (graph(config, half=True).SerializeToString() for _ in range(2))
    assert first == second


def test_the_gelu_of_siglip_does_not_overflow() -> None:
    """Inner values beyond 256 have squares that float16 does not hold."""
    weights = tiny_weights(SIGLIP)
    state = dict(weights.state)
    for name in state:
        if name.endswith("mlp.fc1.bias"):
            state[name] = np.where(np.arange(128) % 2, -900, 900).astype(np.float32)
    weights = type(weights)(SIGLIP, state, "tiny", "test:tiny", "a" * 64)
    spec = preprocessing_of(SIGLIP)
    half, full = (run(build_graph(weights, spec, head=HEAD, half=h)) for h in (True, False))
    assert all(np.isfinite(value).all() for value in half)
    np.testing.assert_allclose(half[1], full[1], rtol=0.02, atol=1.0)
