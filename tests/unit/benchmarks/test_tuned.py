"""Tuning a part of the encoder: folds share no source, and what is computed is the tower's own."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import benchmarks.tuned.average
import benchmarks.tuned.run
from benchmarks.tuned.activation import Activations, activations
from benchmarks.tuned.average import averaged
from benchmarks.tuned.compare import above_bars, bars
from benchmarks.tuned.fold import part
from benchmarks.tuned.loss import alignment, uniformity
from benchmarks.tuned.pair import SHAPE, Pairs, cut, pair_views
from benchmarks.tuned.patches import patch_moments
from benchmarks.tuned.run import Trial, learnt, tuned
from benchmarks.tuned.start import start_head
from benchmarks.tuned.statistic import SIDE, middle, statistics_of
from benchmarks.tuned.tuning import Lesson, judge, some_patches, tune
from benchmarks.tuned.upper import Upper
from benchmarks.tuned.variant import Variant
from detector.evaluation import Label
from detector.package import Preprocessing
from detector.training_request import Recipe
from training.adaptation import adapted
from training.dataset import LabelledImage
from training.fitting import Setting
from training.head import Head
from training.tune.towers import Tower
from training.vision import VisionConfig, VisionWeights, expected_shapes, preprocessing_of

CONFIG = VisionConfig(
    hidden_size=32,
    intermediate_size=64,
    num_hidden_layers=4,
    num_attention_heads=2,
    image_size=32,
    patch_size=8,
    projection_dim=8,
)
START, LAYERS = 1, (2, 3)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Layers this small wait for threads far longer than they compute."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def weights() -> VisionWeights:
    rng = np.random.default_rng(3)
    state = {}
    for name, shape in expected_shapes(CONFIG).items():
        value = rng.normal(0, 0.2, shape)
        norm = "norm" in name and name.endswith("weight")
        state[name] = (value + norm).astype(np.float32)
    return VisionWeights(CONFIG, state, "small", "a test", "0" * 64)


def head() -> Head:
    rng = np.random.default_rng(4)
    weight, mean = rng.normal(0, 0.1, (2, len(LAYERS), 32)).astype(np.float32)
    return Head(LAYERS, mean, np.full_like(mean, 1.5), weight, 0.3)


def images(folder: Path, count: int = 1) -> list[LabelledImage]:
    rng = np.random.default_rng(5)
    found = []
    for number, source in enumerate(s for s in ("a", "b", "c", "d") for _ in range(2 * count)):
        path = folder / f"{number}.png"
        Image.fromarray(rng.integers(0, 256, (32, 32, 3), np.uint8)).save(path)
        found.append(LabelledImage(path, list(Label)[number % 2], source))
    return found


def known(weights: VisionWeights, folder: Path, count: int = 1) -> Activations:
    listed = images(folder, count)

    def views(image: LabelledImage) -> np.ndarray:
        with Image.open(image.path) as opened:
            pixels = np.asarray(opened)
        return np.stack([pixels] * 3)

    setting = Setting(weights, folder, threads=1)
    first = activations(listed, views, folder / "kept", setting, START)

    def never(_image: LabelledImage) -> np.ndarray:
        raise AssertionError("computed twice")

    again = activations(listed, never, folder / "kept", setting, START)
    np.testing.assert_array_equal(first.states, again.states)
    return again


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


def trial_of(
    weights: VisionWeights, folder: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> Trial:
    for module in (benchmarks.tuned.run, benchmarks.tuned.average):
        monkeypatch.setattr(module, "START", START)
        monkeypatch.setattr(module, "TAPPED", LAYERS)
    folds = (frozenset({"a", "b"}), frozenset({"c", "d"}))
    found = known(weights, folder, count)
    listed = images(folder, count)
    return Trial(listed, folds, found, weights, folder / "runs", tell=lambda _text: None)


def test_the_mean_of_two_runs_is_of_their_weights(
    weights: VisionWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # More than a step takes: seeds see others.
    trial = trial_of(weights, tmp_path, monkeypatch, 6)
    first = Variant("first", "", "", Recipe.LAYERNORM, spread=True, steps=12)
    second = Variant("second", "", "", Recipe.LAYERNORM, spread=True, steps=12, seed=2)
    one, other = tuned(trial, first).logits, tuned(trial, second).logits
    np.testing.assert_allclose(averaged(trial, first, first), one, rtol=1e-4, atol=1e-4)
    mean = averaged(trial, first, second)
    assert np.abs(mean - one).max() > 1e-3
    assert np.abs(mean - other).max() > 1e-3
    assert np.abs(mean - (one + other) / 2).max() < np.abs(one - other).max()
    half = averaged(trial, first, second, frozen=True)
    for fold in range(2):
        seen, held = trial.split(fold)
        begun = start_head(trial.known, trial.images, seen, LAYERS, unit=True)
        upper = Upper(weights, START, begun, Recipe.PROBE, unit=True)
        start = judge(upper, trial.known.states, held)
        assert np.abs(half[:, held] - start).max() < np.abs(mean[:, held] - start).max()
    with pytest.raises(ValueError, match="have no mean"):
        averaged(trial, first, Variant("lora", "", "", Recipe.LORA, spread=True))


def test_a_kept_run_is_not_run_again_and_another_number_of_steps_is(
    weights: VisionWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    trial = replace(trial_of(weights, tmp_path, monkeypatch, 2), tell=told.append)
    variant = Variant("one", "", "", Recipe.LAYERNORM, steps=8)
    first = learnt(trial, variant, 0)
    count = len(told)
    again = learnt(trial, variant, 0)
    assert count > 0
    assert len(told) == count
    np.testing.assert_array_equal(first["logits"], again["logits"])
    longer = learnt(trial, Variant("one", "", "", Recipe.LAYERNORM, steps=16), 0)
    assert len(longer["losses"]) == 16


def test_what_is_not_learnt_is_judged_all_the_same(
    weights: VisionWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trial_of(weights, tmp_path, monkeypatch, 2)
    listed = whole.images
    part_of = replace(whole, unlearnt=frozenset({"c"}))
    for fold in range(2):
        seen, held = part_of.split(fold)
        assert held.tolist() == whole.split(fold)[1].tolist()
        left = {i for i in whole.split(fold)[0].tolist() if i not in seen}
        assert left == {i for i in left if listed[i].source == "c" and listed[i].target}
        assert len(left) == (2 if fold == 0 else 0)
    variant = Variant("one", "", "", Recipe.LAYERNORM, steps=8)
    first, other = learnt(whole, variant, 0)["logits"], learnt(part_of, variant, 0)["logits"]
    assert np.abs(first - other).max() > 1e-4
