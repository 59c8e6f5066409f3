"""The package built of a fitted head: three graphs, and a version that tells any two apart."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from detector.package import Graph, check_file, describe_file, load_package
from detector.training_request import Recipe
from tests.unit.training.processor import asks
from tests.unit.training.test_tower import PIXELS
from tests.unit.training.tiny import CONFIG, SIGLIP, tiny_weights
from training.adaptation import ADAPTATION_FILE, Adaptation
from training.embedded import parts_of
from training.features import open_session
from training.fitting import Setting
from training.head import CARD_FILE, HeadError, HeadRecord, read_head
from training.package import build_package
from training.vision import PREFIX, Array, VisionConfig

NORM = PREFIX + "encoder.layers.1.layer_norm1.weight"
CHANGE = Adaptation(Recipe.LAYERNORM, {NORM: np.full(64, 0.5, np.float32)})


def empty(folder: Path, card: str = "a card") -> Path:
    folder.mkdir()
    (folder / CARD_FILE).write_text(card)
    return folder


def logits(folder: Path, graph: Graph) -> Array:
    file = check_file(folder, load_package(folder).graph(graph))
    (found,) = open_session(file, 1).run(["logit"], {"pixels": PIXELS})
    return np.asarray(found, np.float32)


def test_every_precision_says_the_same(fitted: Path, setting: Setting, tmp_path: Path) -> None:
    folder = empty(tmp_path / "p")
    package = build_package(folder, *read_head(fitted), setting.encoder)
    assert package == load_package(folder)
    assert set(package.graphs) == set(Graph)
    full = logits(folder, Graph.FP32)
    for graph in (Graph.FP16, Graph.INT8):
        np.testing.assert_allclose(logits(folder, graph), full, rtol=0.02, atol=0.1)


@pytest.mark.parametrize(
    ("config", "fine", "coarse"),
    [(CONFIG, False, True), (CONFIG, True, False), (SIGLIP, False, False)],
)
def test_patches_are_coarse_beside_a_class_token(
    fitted: Path, tmp_path: Path, config: VisionConfig, fine: bool, coarse: bool
) -> None:
    folder = empty(tmp_path / "p")
    package = build_package(folder, *read_head(fitted), tiny_weights(config), fine=fine)
    assert asks(onnx.load(check_file(folder, package.graph(Graph.INT8)))) is coarse


def test_the_evaluation_and_what_was_learnt_from_go_along(
    fitted: Path, setting: Setting, tmp_path: Path
) -> None:
    record, head = read_head(fitted)
    _none, evaluation = parts_of(fitted, record)
    package = build_package(
        empty(tmp_path / "p"), record, head, setting.encoder, evaluation=evaluation
    )
    assert package.evaluation == record.evaluation
    assert package.evaluation in package.files
    assert package.learnt_sources == record.data.sources
    assert package.recipe is Recipe.PROBE
    plain = build_package(empty(tmp_path / "q"), record, head, setting.encoder)
    assert plain.evaluation is None


def tuned(record: HeadRecord, folder: Path) -> HeadRecord:
    path = folder / ADAPTATION_FILE
    path.write_bytes(CHANGE.dumps())
    return record.model_copy(update={"adaptation": describe_file(path), "recipe": Recipe.LAYERNORM})


def test_an_adaptation_is_worked_into_the_graphs(
    fitted: Path, setting: Setting, tmp_path: Path
) -> None:
    record, head = read_head(fitted)
    changed = tuned(record, tmp_path)
    adaptation, _evaluation = parts_of(tmp_path, changed.model_copy(update={"evaluation": None}))
    assert adaptation is not None
    tuned_folder, plain_folder = empty(tmp_path / "p"), empty(tmp_path / "q")
    package = build_package(tuned_folder, changed, head, setting.encoder, adaptation=adaptation)
    build_package(plain_folder, record, head, setting.encoder)
    assert package.recipe is Recipe.LAYERNORM
    for graph in Graph:
        gap = np.abs(logits(tuned_folder, graph) - logits(plain_folder, graph))
        assert gap.max() > 1e-3
    with pytest.raises(HeadError, match="was fitted on a tuned encoder"):
        build_package(empty(tmp_path / "r"), changed, head, setting.encoder)
    with pytest.raises(HeadError, match="was fitted on an unchanged encoder"):
        build_package(empty(tmp_path / "s"), record, head, setting.encoder, adaptation=CHANGE)


def test_packages_of_different_bytes_have_different_versions(
    fitted: Path, setting: Setting, tmp_path: Path
) -> None:
    record, head = read_head(fitted)
    other_head = type(head)(head.layers, head.mean, head.scale, head.weight, head.bias + 1)
    later = record.model_copy(update={"created_at": "2030-01-01T00:00:00Z"})
    packages = [
        build_package(empty(tmp_path / "0"), record, head, setting.encoder),
        build_package(empty(tmp_path / "1", "another card"), record, head, setting.encoder),
        build_package(empty(tmp_path / "2"), record, other_head, setting.encoder),
        build_package(empty(tmp_path / "3"), later, head, setting.encoder),
        build_package(empty(tmp_path / "4"), record, head, setting.encoder, evaluation=b"{}"),
        build_package(empty(tmp_path / "5"), record, head, setting.encoder, evaluation=b"{ }"),
    ]
    assert len({package.version for package in packages}) == len(packages)
    again = build_package(empty(tmp_path / "6"), record, head, setting.encoder)
    assert again == packages[0]
    for path in (tmp_path / "6").iterdir():
        assert path.read_bytes() == (tmp_path / "0" / path.name).read_bytes()
