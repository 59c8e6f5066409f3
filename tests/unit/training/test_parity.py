"""Graphs are held to torch and to each other, and what differs is named."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from detector.package import DESCRIPTION_FILE, Graph, describe_file, load_package
from detector.training_request import Recipe
from tests.unit.training.test_package import empty
from tests.unit.training.tiny import DINOV3, PERCEPTION, SIGLIP, tiny_weights
from training.adaptation import Adaptation, adapted
from training.dataset import Dataset
from training.fitting import Setting
from training.head import Head, read_head
from training.package import build_package
from training.parity import INT8_PROBABILITY, ParityError, likeness, limits, measure
from training.tune.parity_reference import reference_logits
from training.vision import PREFIX, VisionConfig, VisionWeights, preprocessing_of


def test_a_faithful_package(package: Path, fitted: Path, setting: Setting, images: Dataset) -> None:
    _record, head = read_head(fitted)
    steps: list[tuple[int, int]] = []
    found = measure(
        package,
        setting.encoder,
        head,
        images.images,
        threads=1,
        count=lambda done, total: steps.append((done, total)),
    )
    assert found["images"] == len(images.images)
    assert (found["opset"], found["reference.torch"], found["int8.batch"]) == (17, 1, 0)
    assert 0 < found["torch.logit"] < 1e-4
    assert 0 < found["fp16.probability"] < 0.01
    assert found["fp16.agreement"] == 1
    assert 0.999 < found["fp16.heat"] < 1
    assert 0.999 < found["int8.heat"] < 1
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_without_torch_the_float32_graph_is_the_reference(
    package: Path, fitted: Path, setting: Setting, images: Dataset
) -> None:
    _record, head = read_head(fitted)
    found = measure(package, setting.encoder, head, images.images[:3], torch=False)
    assert found["reference.torch"] == 0
    assert "torch.logit" not in found


def test_a_package_of_other_weights_is_found_out(
    package: Path, fitted: Path, setting: Setting, images: Dataset
) -> None:
    """As when the adaptation was left out of the graphs."""
    _record, head = read_head(fitted)
    name = PREFIX + "encoder.layers.1.layer_norm1.weight"
    change = Adaptation(Recipe.LAYERNORM, {name: np.full(64, 0.5, np.float32)})
    other = adapted(setting.encoder, change)
    with pytest.raises(ParityError, match=r"torch\.logit is \S+, at most 0\.002 is wanted"):
        measure(package, other, head, images.images[:4])


def spoil(package: Path, graph: Graph, factor: float) -> None:
    """Change the head's weights of one graph, and describe it as if it were meant so."""
    described = load_package(package)
    path = package / described.graph(graph).file
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if tensor.name == "head.weight":
            value = (numpy_helper.to_array(tensor) * np.float32(factor)).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(value, tensor.name))
    onnx.save(model, path)
    graphs = {**described.graphs, graph: describe_file(path)}
    (package / DESCRIPTION_FILE).write_text(described.model_copy(update={"graphs": graphs}).dumps())


@pytest.mark.parametrize("graph", [Graph.FP16, Graph.INT8])
def test_a_graph_that_differs_is_named(
    package: Path, fitted: Path, setting: Setting, images: Dataset, graph: Graph
) -> None:
    _record, head = read_head(fitted)
    spoil(package, graph, -1)
    with pytest.raises(ParityError) as error:
        measure(package, setting.encoder, head, images.images, torch=False)
    assert f"{graph.value}.probability is " in str(error.value)
    assert f"{graph.value}.agreement is " in str(error.value)
    assert "tiny-probe@1.2.3-" in str(error.value)
    assert ("int8." in str(error.value)) is (graph is Graph.INT8)


def test_logits_that_are_no_numbers_are_refused(
    package: Path, fitted: Path, setting: Setting, images: Dataset
) -> None:
    _record, head = read_head(fitted)
    spoil(package, Graph.FP16, np.nan)
    with pytest.raises(ParityError, match="fp16 graph gives logits that are no numbers"):
        measure(package, setting.encoder, head, images.images[:2], torch=False)


def turn(package: Path, graph: Graph) -> None:
    """Transpose the map of one graph, and describe it as if it were meant so."""
    described = load_package(package)
    path = package / described.graph(graph).file
    model = onnx.load(path)
    (last,) = (node for node in model.graph.node if node.output[0] == "heat")
    last.output[0] = "heat_upright"
    turned = onnx.helper.make_node("Transpose", ["heat_upright"], ["heat"], perm=[0, 2, 1])
    model.graph.node.append(turned)
    onnx.save(model, path)
    graphs = {**described.graphs, graph: describe_file(path)}
    (package / DESCRIPTION_FILE).write_text(described.model_copy(update={"graphs": graphs}).dumps())


@pytest.mark.parametrize("graph", [Graph.FP16, Graph.INT8])
def test_a_map_that_shows_other_places_is_named(
    package: Path, fitted: Path, setting: Setting, images: Dataset, graph: Graph
) -> None:
    _record, head = read_head(fitted)
    turn(package, graph)
    with pytest.raises(ParityError, match=rf"{graph.value}\.heat is \S+, at least 0\.95 is wanted"):
        measure(package, setting.encoder, head, images.images[:4], torch=False)


def test_likeness_is_of_the_least_alike() -> None:
    full = np.random.default_rng(0).normal(size=(3, 4, 4)).astype(np.float32)
    assert likeness(2 * full + 1, full) == pytest.approx(1)
    other = full.copy()
    other[1] *= -1
    assert likeness(other, full) == pytest.approx(-1)
    assert likeness(np.zeros_like(full), full) == 0
    other[1, 0, 0] = np.nan
    assert np.isnan(likeness(other, full))


def test_no_image_proves_nothing(package: Path, fitted: Path, setting: Setting) -> None:
    with pytest.raises(ParityError, match="no image"):
        measure(package, setting.encoder, read_head(fitted)[1], [])


def test_one_image_may_lie_on_the_edge_of_a_band() -> None:
    few = {limit.name: limit for limit in limits(20)}
    assert not few["int8.agreement"].broken({"int8.agreement": 19 / 20})
    assert few["int8.agreement"].broken({"int8.agreement": 18 / 20})
    many = {limit.name: limit for limit in limits(1000)}
    assert many["fp16.agreement"].broken({"fp16.agreement": 0.99})
    assert many["int8.probability"].broken({"int8.probability": float("nan")})
    assert not many["int8.probability"].broken({"int8.probability": INT8_PROBABILITY})
    assert many["int8.batch"].broken({"int8.batch": 1e-9})


@pytest.mark.parametrize("config", [SIGLIP, DINOV3, PERCEPTION], ids=lambda c: c.family)
def test_other_families_are_exported_faithfully(
    fitted: Path, images: Dataset, tmp_path: Path, config: VisionConfig
) -> None:
    weights = tiny_weights(config)
    record, head = read_head(fitted)
    # Means of patches vary less than a class token: the head is scaled to match.
    head = Head(head.layers, head.mean, head.scale, head.weight * 3, head.bias)
    record = record.model_copy(update={"preprocessing": preprocessing_of(config)})
    folder = empty(tmp_path / "p")
    build_package(folder, record, head, weights)
    found = measure(folder, weights, head, images.images, threads=1)
    assert found["torch.logit"] < 1e-4


def test_the_reference_sees_what_is_tuned(setting: Setting, fitted: Path) -> None:
    """Each tensor of the tower up to the last tap changes torch's logits."""
    record, head = read_head(fitted)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    plain = reference_logits(setting.encoder, record.preprocessing, head, pixels)
    for part in ("self_attn.q_proj.weight", "mlp.fc2.bias", "layer_norm2.weight"):
        name = f"{PREFIX}encoder.layers.0.{part}"
        state = {**setting.encoder.state, name: setting.encoder[name] * 1.5}
        changed: VisionWeights = replace(setting.encoder, state=state)
        other = reference_logits(changed, record.preprocessing, head, pixels)
        assert np.abs(other - plain).max() > 1e-4
