"""Heat maps: said by graphs that can, kept in a byte a patch, and read again."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from batch_inference.engine import OnnxEngine, load_engine
from batch_inference.heat import Floats, pack_heat, unpack_heat
from detector.evidence import Heat
from detector.package import Graph
from tests.unit.training.test_tower import PIXELS
from tests.unit.training.tiny import CONFIG, DINOV3, PERCEPTION, SIGLIP, tiny_weights
from training.tower import LinearHead, build_graph
from training.vision import VisionConfig, preprocessing_of

HEAD = LinearHead((2, 3), np.random.default_rng(3).normal(size=(2, 64)).astype("f4"), 0.25)


def engine(config: VisionConfig, path: Path, *, heat: bool = True) -> OnnxEngine:
    model = build_graph(tiny_weights(config), preprocessing_of(config), head=HEAD)
    if not heat:
        # As the graphs of older packages are.
        kept = [output for output in model.graph.output if output.name != "heat"]
        del model.graph.output[:]
        model.graph.output.extend(kept)
    onnx.save(model, path)
    return load_engine(path, str(path), Graph.FP32, cuda=False)


@pytest.mark.parametrize(
    "config", [CONFIG, SIGLIP, DINOV3, PERCEPTION], ids=lambda config: config.family
)
def test_the_engine_says_a_map_beside_the_logit(config: VisionConfig, tmp_path: Path) -> None:
    scores = engine(config, tmp_path / "m.onnx").run(PIXELS)
    assert scores.heat is not None
    assert scores.heat.shape == (5, 4, 4)
    assert scores.heat.dtype == np.float32
    np.testing.assert_allclose(scores.heat.sum(axis=(1, 2)), scores.logits, atol=1e-5)
    assert scores.heat.std(axis=(1, 2)).min() > 0.01


def test_a_graph_without_the_map_runs_and_says_the_same(tmp_path: Path) -> None:
    old = engine(CONFIG, tmp_path / "old.onnx", heat=False).run(PIXELS)
    new = engine(CONFIG, tmp_path / "new.onnx").run(PIXELS)
    assert old.heat is None
    np.testing.assert_array_equal(old.logits, new.logits)
    np.testing.assert_array_equal(old.embeddings, new.embeddings)


def test_what_fills_up_a_batch_has_no_map(tmp_path: Path) -> None:
    padded = engine(CONFIG, tmp_path / "m.onnx")
    whole = padded.run(PIXELS)
    padded._pad, padded.batch_size = True, 8
    filled = padded.run(PIXELS)
    assert whole.heat is not None
    assert filled.heat is not None
    np.testing.assert_allclose(filled.heat, whole.heat, atol=1e-6)


numbers = st.floats(-(2.0**99), 2.0**99, width=32, allow_subnormal=True)


@given(st.integers(1, 6).flatmap(lambda side: arrays(np.float32, (side, side), elements=numbers)))
def test_a_kept_map_is_read_again_to_half_a_step(logits: Floats) -> None:
    heat = pack_heat(logits)
    assert heat is not None
    assert (len(heat.values), heat.side) == (logits.size, len(logits))
    assert heat.peak == np.abs(logits).max()
    again = unpack_heat(heat)
    assert again.dtype == np.float32
    half = heat.peak / 254
    np.testing.assert_allclose(again, logits, rtol=0, atol=half * (1 + 1e-6) + 1e-45)


def test_the_layout_is_row_by_row_from_the_top_left() -> None:
    heat = pack_heat(np.array([[1.0, -0.5], [0.0, -1.0]], np.float32))
    assert heat == Heat(bytes([127, 256 - 64, 0, 256 - 127]), 2, 1.0)


def test_a_map_of_zeros_is_one() -> None:
    heat = pack_heat(np.zeros((3, 3), np.float32))
    assert heat == Heat(bytes(9), 3, 0.0)
    assert not unpack_heat(heat).any()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_makes_no_map(wrong: float) -> None:
    logits = np.ones((2, 2), np.float32)
    logits[1, 0] = wrong
    assert pack_heat(logits) is None


@pytest.mark.parametrize("shape", [(4,), (2, 3), (1, 2, 2)])
def test_a_map_is_square(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="square"):
        pack_heat(np.zeros(shape, np.float32))


@pytest.mark.parametrize(
    "heat",
    [
        Heat(bytes(8), 3, 1.0),
        Heat(bytes(10), 3, 1.0),
        Heat(bytes(9), -3, 1.0),
        Heat(bytes(9), 3, float("nan")),
        Heat(bytes(9), 3, float("inf")),
        Heat(bytes(9), 3, -1.0),
    ],
)
def test_a_damaged_map_is_refused(heat: Heat) -> None:
    with pytest.raises(ValueError, match="damaged"):
        unpack_heat(heat)
