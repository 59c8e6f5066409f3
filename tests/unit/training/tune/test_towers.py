"""The torch towers against the ONNX graphs: the same taps, the same logits once tuned."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from detector.training_request import Recipe, Settings
from tests.unit.training.tiny import CONFIG, DINOV3, PERCEPTION, SIGLIP, tiny_weights
from tests.unit.training.tune.jobs import LAYERS, first_head, make_job, pictures
from training.adaptation import adapted
from training.degrade import JUDGED
from training.features import open_session, read_pixels
from training.tower import build_graph
from training.tune.model import TorchDetector
from training.tune.recipes import adaptation_of, apply_recipe
from training.tune.run import tune
from training.tune.towers import Tower
from training.vision import VisionConfig, WeightsError, preprocessing_of

PIXELS = np.random.default_rng(4).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
FAMILIES = pytest.mark.parametrize(
    "config", [CONFIG, SIGLIP, DINOV3, PERCEPTION], ids=lambda config: config.family
)
RECIPES = pytest.mark.parametrize("recipe", [Recipe.LAYERNORM, Recipe.LORA])
# float32 sums in another order.
TOLERANCE = 2e-5


@FAMILIES
@pytest.mark.parametrize("layers", [(1,), (1, 3), (1, 2, 3)])
def test_taps_are_those_of_the_graph(config: VisionConfig, layers: tuple[int, ...]) -> None:
    weights, spec = tiny_weights(config), preprocessing_of(config)
    session = open_session(build_graph(weights, spec, layers=layers).SerializeToString(), 1)
    expected = np.asarray(session.run(["taps"], {"pixels": PIXELS})[0])
    with torch.no_grad():
        found = Tower(weights, spec, layers)(torch.from_numpy(PIXELS)).numpy()
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE)


@FAMILIES
@RECIPES
def test_a_recipe_changes_nothing_before_it_learns(config: VisionConfig, recipe: Recipe) -> None:
    weights, spec = tiny_weights(config), preprocessing_of(config)
    tower, pixels = Tower(weights, spec, LAYERS), torch.from_numpy(PIXELS)
    with torch.no_grad():
        before = tower(pixels)
        apply_recipe(tower, recipe, Settings())
        assert torch.equal(tower(pixels), before)
    state = adapted(weights, adaptation_of(tower, recipe)).state
    assert all(np.array_equal(state[name], weights.state[name]) for name in state)


@FAMILIES
@RECIPES
def test_the_tuned_torch_model_is_the_adapted_graph(
    tmp_path: Path, config: VisionConfig, recipe: Recipe
) -> None:
    job = make_job(tmp_path, recipe, config)
    tuned = tune(job)
    encoder = adapted(job.encoder, tuned.adaptation)
    model = build_graph(encoder, job.spec, head=tuned.head.folded())
    session = open_session(model.SerializeToString(), 1)
    for number, variant in enumerate(JUDGED):
        pixels = [read_pixels(i.path.read_bytes(), JUDGED, 0, job.spec)[number] for i in job.held]
        logits = np.asarray(session.run(["logit"], {"pixels": np.stack(pixels)})[0])
        assert np.ptp(logits) > 0.2
        np.testing.assert_allclose(tuned.held_logits[variant], logits, rtol=1e-4, atol=1e-4)


@RECIPES
def test_only_what_the_recipe_names_is_trained(tmp_path: Path, recipe: Recipe) -> None:
    weights = tiny_weights()
    head = first_head(weights, pictures(tmp_path / "images"), (1, 2))
    detector = TorchDetector(weights, preprocessing_of(CONFIG), head)
    apply_recipe(detector.tower, recipe, Settings(lora_rank=4))
    names = set(detector.trainable())
    assert {"head_weight", "head_bias"} <= names
    names -= {"head_weight", "head_bias"}
    if recipe is Recipe.LAYERNORM:
        blocks = {f"encoder.layers.{i}.layer_norm{n}" for i in (0, 1) for n in (1, 2)}
        norms = {"pre_layrnorm", *blocks}
        assert names == {f"tower.inner.{n}.{p}" for n in norms for p in ("weight", "bias")}
    else:
        # Two factors for six layers of the two blocks up to the last tap.
        assert len(names) == 2 * 6 * 2
        assert all("lora_" in name for name in names)
        assert not any("layers.2." in name for name in names)


def test_the_head_computes_what_the_record_says(tmp_path: Path) -> None:
    weights, spec = tiny_weights(), preprocessing_of(CONFIG)
    blank = first_head(weights, pictures(tmp_path / "images"))
    rng = np.random.default_rng(5)
    head = replace(blank, weight=rng.normal(0, 0.1, (2, 64)).astype(np.float32), bias=0.25)
    detector = TorchDetector(weights, spec, head)
    with torch.no_grad():
        pixels = torch.from_numpy(PIXELS)
        taps, logits = detector.tower(pixels).numpy(), detector(pixels).numpy()
    np.testing.assert_allclose(logits, head.logits(taps), rtol=1e-4, atol=1e-4)
    again = detector.head(head)
    assert np.array_equal(again.weight, head.weight)
    assert again.bias == head.bias


def test_weights_that_lack_a_tensor_are_refused() -> None:
    weights = tiny_weights()
    state = dict(weights.state)
    del state["vision_model.pre_layrnorm.bias"]
    object.__setattr__(weights, "state", state)
    with pytest.raises(WeightsError, match=r"lacks the tensors \['pre_layrnorm.bias'\]"):
        Tower(weights, preprocessing_of(CONFIG), LAYERS)
