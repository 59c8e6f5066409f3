"""Tuning a part of the encoder: folds share no source, and what is computed is the tower's own."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.tuned.activation import activations
from benchmarks.tuned.compare import above_bars, bars
from benchmarks.tuned.fold import part
from benchmarks.tuned.loss import alignment, uniformity
from benchmarks.tuned.pair import SHAPE, Pairs, cut, pair_views
from benchmarks.tuned.patches import patch_moments
from benchmarks.tuned.start import start_head
from benchmarks.tuned.statistic import SIDE, middle, statistics_of
from benchmarks.tuned.tuning import Lesson, judge, some_patches, tune
from benchmarks.tuned.upper import Upper
from benchmarks.tuned.variant import Variant
from detector.evaluation import Label
from detector.package import Preprocessing
from detector.training_request import Recipe
from tests.unit.benchmarks.tuned_support import CONFIG, LAYERS, START, images, known, small_weights
from training.adaptation import adapted
from training.dataset import LabelledImage
from training.fitting import Setting
from training.head import Head
from training.tune.towers import Tower
from training.vision import VisionWeights, preprocessing_of

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture(scope="module")
def weights() -> VisionWeights:
    return small_weights()


def head() -> Head:
    rng = np.random.default_rng(4)
    weight, mean = rng.normal(0, 0.1, (2, len(LAYERS), 32)).astype(np.float32)
    return Head(LAYERS, mean, np.full_like(mean, 1.5), weight, 0.3)


@pytest.mark.parametrize("recipe", list(Recipe))
def test_from_kept_activations_on_the_detector_is_the_towers(
    weights: VisionWeights, tmp_path: Path, recipe: Recipe
) -> None:
    found = known(weights, tmp_path)
    upper = Upper(weights, START, head(), recipe, unit=False)
    with torch.no_grad():
        for parameter in upper.adapted():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    logits = judge(upper, found.states, np.arange(len(found.states)))[0]
    changed = adapted(weights, upper.adaptation())
    pixels = np.stack([np.asarray(Image.open(tmp_path / f"{i}.png")) for i in range(8)])
    tower = Tower(changed, preprocessing_of(CONFIG), LAYERS)
    with torch.no_grad():
        taps = tower(torch.from_numpy(pixels)).numpy()
    np.testing.assert_allclose(logits, head().logits(taps), atol=5e-3)
    if recipe is not Recipe.PROBE:
        plain = Tower(weights, preprocessing_of(CONFIG), LAYERS)(torch.from_numpy(pixels))
        assert np.abs(plain.detach().numpy() - taps).max() > 0.05


def test_tuning_learns_what_the_frozen_head_does_not_know(
    weights: VisionWeights, tmp_path: Path
) -> None:
    found, listed = known(weights, tmp_path, 3), images(tmp_path, 3)
    seen = np.arange(len(listed))
    upper = Upper(weights, START, head(), Recipe.LORA, unit=False)
    begun = head().logits(found.taps[:, 0][:, [found.layers.index(n) for n in LAYERS]])
    variant = Variant("a", "", "", Recipe.LORA, steps=60)
    lesson = Lesson(listed, seen, found.states)
    losses = tune(upper, lesson, variant)
    assert np.mean(losses[-8:]) < np.mean(losses[:8]) - 0.05
    assert np.abs(judge(upper, found.states, seen)[0] - begun).max() > 0.1


@pytest.mark.parametrize("unit", [False, True])
def test_tuning_starts_from_the_fitted_head(
    weights: VisionWeights, tmp_path: Path, *, unit: bool
) -> None:
    found, listed = known(weights, tmp_path), images(tmp_path)
    begun = start_head(found, listed, np.arange(8), LAYERS, unit=unit)
    upper = Upper(weights, START, begun, Recipe.PROBE, unit=unit)
    taps = torch.from_numpy(found.taps[:, 0][:, [found.layers.index(n) for n in LAYERS]])
    features = upper.features(taps)
    if unit:
        np.testing.assert_allclose(features.norm(dim=2), 32**0.5, rtol=1e-5)
    logits = (features * upper.head_weight).sum(dim=(1, 2)) + upper.head_bias
    target = np.array([image.target for image in listed])
    values = logits.detach().numpy()
    assert values[target == 1].mean() > values[target == 0].mean()


def test_no_source_is_in_two_folds_and_each_fold_has_both_classes() -> None:
    sizes = {"a": (9, 0), "b": (0, 8), "c": (5, 0), "d": (0, 6), "e": (3, 2), "f": (1, 1)}
    listed = [
        LabelledImage(Path(), label, source)
        for source, counts in sizes.items()
        for label, count in zip((Label.REAL, Label.AI), counts, strict=True)
        for _ in range(count)
    ]
    folds = part(listed, 3)
    assert sorted(name for fold in folds for name in fold) == sorted(sizes)
    for fold in folds:
        assert {image.target for image in listed if image.source in fold} == {0, 1}
    with pytest.raises(ValueError, match="cannot be parted"):
        part(listed, 7)


def test_losses_are_those_of_the_papers() -> None:
    features = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    # Squared distances 2, 4 and 2.
    expected = np.log(np.mean(np.exp([-4.0, -8.0, -4.0])))
    assert float(uniformity(features)) == pytest.approx(expected, rel=1e-5)
    assert float(alignment(features, torch.tensor([1.0, 0.0, 1.0]))) == pytest.approx(4.0)
    assert float(alignment(features[:2], torch.tensor([1.0, 0.0]))) == 0.0


def test_the_class_token_is_never_dropped() -> None:
    states = torch.arange(2 * 9 * 1.0).reshape(2, 9, 1)
    found = some_patches(states, 4, torch.Generator().manual_seed(1))[..., 0]
    assert found[:, 0].tolist() == [0.0, 9.0]
    assert all(len(set(row.tolist())) == 5 for row in found)
    assert set(found[1].tolist()) <= set(range(9, 18))


def test_pairs_are_of_one_image_and_never_of_a_judged_source() -> None:
    count = int(np.prod(SHAPE))
    states = np.arange(3 * count, dtype=np.float16).reshape(3, count, 1, 1)
    pairs = Pairs(np.array(["a", "b", "c"]), states).without(["b"])
    rows, target = pairs.draw(20, np.random.default_rng(1), crops=True)
    assert target == [0, 1] * 20
    for real, rebuilt in zip(rows[::2], rows[1::2], strict=True):
        assert int(rebuilt.item() - real.item()) == SHAPE[2]
        assert int(real.item()) // count != 1
    assert cut(Image.new("RGB", (1000, 37))).size == (384, 32)


def test_the_threshold_comes_of_other_folds() -> None:
    listed = [
        LabelledImage(Path(), label, source)
        for source in ("a", "b")
        for label in Label
        for _ in range(100)
    ]
    folds = [frozenset({"a"}), frozenset({"b"})]
    target = np.array([image.target for image in listed])
    source = np.array([image.source for image in listed])
    logits = np.where(target == 1, 200.0, np.tile(np.arange(100.0), 4)) + 50 * (source == "b")
    found = bars(logits[None], listed, folds)
    assert found.tolist() == [144.0, 94.0]
    share = above_bars(logits[None], listed, folds)
    assert share[(target == 0) & (source == "a")].mean() == 0.0
    assert share[(target == 0) & (source == "b")].mean() == pytest.approx(0.55)
    assert share[target == 1].min() == 1.0


def test_statistics_tell_an_enlarged_image() -> None:
    rng = np.random.default_rng(6)
    noise = rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    large = np.asarray(Image.fromarray(noise[: SIDE // 2, : SIDE // 2]).resize((SIDE, SIDE)))
    plain = statistics_of(noise)
    assert np.isfinite(plain).all()
    other = statistics_of(rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8))
    assert np.abs(plain - other).mean() < np.abs(plain - statistics_of(large)).mean() / 10


def test_the_middle_has_one_size_whatever_the_image() -> None:
    spec = Preprocessing(kind="native_crop", size=SIDE)
    for size in ((900, 500), (90, 700), (64, 64)):
        assert middle(Image.new("RGB", size, "green"), spec).shape == (SIDE, SIDE, 3)
    wide = Image.new("RGB", (SIDE + 200, SIDE), "white")
    wide.paste("black", (0, 0, 90, SIDE))
    assert middle(wide, spec)[:, 0].min() > 240


def test_moments_are_of_the_patches_alone() -> None:
    states = np.zeros((2, 3, 5, 4), np.float16)
    states[:, :, 0] = 100
    states[:, :, 1:3], states[:, :, 3:] = 1, 3
    found = patch_moments(states)
    assert found.shape == (2, 3, 2, 4)
    np.testing.assert_allclose(found[:, :, 0], 2)
    np.testing.assert_allclose(found[:, :, 1], 1)


def test_members_of_a_pair_differ_by_the_autoencoder_alone(
    weights: VisionWeights, tmp_path: Path
) -> None:
    ramp = np.linspace(0, 255, 96 * 80).reshape(80, 96).astype(np.uint8)
    path = tmp_path / "photograph.png"
    Image.fromarray(np.stack([ramp, ramp.T.reshape(80, 96), ramp], axis=2)).save(path)
    views = pair_views(preprocessing_of(CONFIG))
    image = LabelledImage(path, Label.REAL, "a")
    pixels = views(image).astype(np.int64).reshape(*SHAPE, 32, 32, 3)
    apart = np.abs(pixels[:, 0] - pixels[:, 1]).mean(axis=(-1, -2, -3))
    # Nearly the same picture, and never the very same.
    assert (apart > 0).all()
    assert (apart < 25).all()
    found = activations([image], views, tmp_path / "pairs", Setting(weights, tmp_path, 1), START)
    listed = images(tmp_path)
    lesson = Lesson(
        listed,
        np.arange(8),
        known(weights, tmp_path).states,
        Pairs(np.array(["a"]), found.states),
    )
    upper = Upper(weights, START, head(), Recipe.LAYERNORM, unit=True)
    before = [p.detach().clone() for p in upper.adapted()]
    variant = Variant("a", "", "", Recipe.LAYERNORM, spread=True, pairs=2, crops=True, steps=2)
    assert len(tune(upper, lesson, variant)) == 2
    assert any((p != q).any() for p, q in zip(before, upper.adapted(), strict=True))
