"""Runs of a trial: kept, averaged, and without what is not to be learnt."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import benchmarks.tuned.average
import benchmarks.tuned.run
from benchmarks.tuned.average import averaged
from benchmarks.tuned.run import Trial, learnt, tuned
from benchmarks.tuned.start import start_head
from benchmarks.tuned.tuning import judge
from benchmarks.tuned.upper import Upper
from benchmarks.tuned.variant import Variant
from detector.training_request import Recipe
from tests.unit.benchmarks.tuned_support import LAYERS, START, images, known, small_weights
from training.vision import VisionWeights

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture(scope="module")
def weights() -> VisionWeights:
    return small_weights()


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
