"""Tuning from job to result: it learns, goes on, heeds a stop, and says what is wrong."""

import importlib.util
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from detector.training_request import Recipe, Settings
from tests.unit.training.tiny import CONFIG, DINOV3, SIGLIP
from tests.unit.training.tune.jobs import make_job
from training.degrade import JUDGED, Variant
from training.stages.context import StoppedError
from training.tune import session
from training.tune.batches import batches
from training.tune.checkpoint import State
from training.tune.defaults import rates_of
from training.tune.errors import (
    CheckpointError,
    DivergedError,
    GpuMemoryError,
    NotInstalledError,
    TuneError,
)
from training.tune.job import Tuned, TuneJob
from training.tune.judge import mean_auc
from training.tune.model import TorchDetector
from training.tune.order import Order
from training.tune.precision import Precision, choose_precision, repeatable
from training.tune.recipes import apply_recipe
from training.tune.run import tune
from training.tune.schedule import plan_steps
from training.tune.trainer import Trainer
from training.tune.views import Views
from training.vision import Family, VisionConfig

RECIPES = pytest.mark.parametrize("recipe", [Recipe.LAYERNORM, Recipe.LORA])
CPU = torch.device("cpu")


def losses(tuned: Tuned) -> list[float]:
    return [numbers["loss"] for numbers in tuned.history if "loss" in numbers]


def assert_same(one: Tuned, other: Tuned) -> None:
    assert one.adaptation.tensors.keys() == other.adaptation.tensors.keys()
    for name, value in one.adaptation.tensors.items():
        assert np.array_equal(value, other.adaptation.tensors[name]), name
    assert one.head.dumps() == other.head.dumps()
    assert one.history == other.history
    assert all(np.array_equal(one.held_logits[v], other.held_logits[v]) for v in JUDGED)


@RECIPES
@pytest.mark.parametrize("config", [CONFIG, SIGLIP, DINOV3], ids=lambda config: config.family)
def test_each_recipe_learns(tmp_path: Path, recipe: Recipe, config: VisionConfig) -> None:
    # Nothing normalises DINOv3's tokens before its first block: in a tower of random weights little
    # reaches the class token.
    slow = config.family is Family.DINOV3 and recipe is Recipe.LAYERNORM
    rate = 2e-2 if slow else 5e-3
    job = make_job(tmp_path, recipe, config, epochs=5.0, learning_rate=rate)
    tuned = tune(job)
    found = losses(tuned)
    assert found[0] == pytest.approx(np.log(2))  # the head knows nothing yet
    assert np.mean(found[-3:]) < 0.6
    assert tuned.history[-1]["held_auc"] > 0.9
    assert set(tuned.held_logits) == set(JUDGED)
    assert tuned.images_seen == 5 * 24
    assert tuned.resumed_from == 0
    assert tuned.head.layers == job.head.layers
    assert np.array_equal(tuned.head.mean, job.head.mean)
    assert np.array_equal(tuned.head.scale, job.head.scale)
    assert not np.array_equal(tuned.head.weight, job.head.weight)
    changed = [
        name
        for name, value in tuned.adaptation.tensors.items()
        if name not in job.encoder.state or not np.array_equal(value, job.encoder.state[name])
    ]
    assert len(changed) == len(tuned.adaptation.tensors)


@RECIPES
def test_the_same_job_gives_the_same_bits(tmp_path: Path, recipe: Recipe) -> None:
    settings: dict[str, Any] = {"degrade": True, "consistency": 1.0, "lora_rank": 2}
    one, two = (
        session.run(make_job(tmp_path, recipe, checkpoints=name, **settings), workers)
        for name, workers in (("one", 0), ("two", 2))
    )
    assert_same(one, two)
    assert_same(one, tune(make_job(tmp_path, recipe, checkpoints="one", **settings)))


def test_another_seed_gives_others(tmp_path: Path) -> None:
    one, two = (tune(make_job(tmp_path, checkpoints=str(s), seed=s)) for s in (0, 1))
    assert losses(one) != losses(two)


class Stopping:
    """A tracker that raises the stop flag at a step."""

    def __init__(self, step: int) -> None:
        self.step = step
        self.job: TuneJob | None = None
        self.told: list[tuple[int, Mapping[str, float]]] = []

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        self.told.append((step, metrics))
        if step == self.step and self.job is not None:
            self.job.stop.set()

    def finish(self, summary: Mapping[str, float]) -> None:
        raise AssertionError(f"the stage closes its tracker, not the tuning: {summary}")


def stopping_job(root: Path, step: int, **settings: object) -> TuneJob:
    tracker = Stopping(step)
    job = replace(make_job(root, **settings), tracker=tracker)  # type: ignore[arg-type]
    tracker.job = job
    return job


@pytest.mark.parametrize("step", [1, 4, 6])
def test_a_stop_keeps_what_was_done(tmp_path: Path, step: int) -> None:
    with pytest.raises(StoppedError):
        tune(stopping_job(tmp_path, step))
    said: list[str] = []
    again = tune(replace(make_job(tmp_path), tell=said.append))
    assert again.resumed_from == step
    assert said == [f"Going on from step {step} of 6"]
    assert_same(again, tune(make_job(tmp_path, checkpoints="alone")))


def test_a_stop_before_the_first_step_keeps_nothing(tmp_path: Path) -> None:
    job = make_job(tmp_path)
    job.stop.set()
    with pytest.raises(StoppedError):
        tune(job)
    assert job.checkpoints.names() == []


def test_a_stop_in_the_middle_of_a_step_forgets_that_step(tmp_path: Path) -> None:
    job = make_job(tmp_path, accumulate=3)
    calls = 0
    original = Trainer.add

    def add(self: Trainer, batch: object) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls == 5:
            job.stop.set()
        return original(self, batch)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "add", add)
        with pytest.raises(StoppedError):
            tune(job)
    again = tune(make_job(tmp_path, accumulate=3))
    assert again.resumed_from == 1
    assert_same(again, tune(make_job(tmp_path, checkpoints="alone", accumulate=3)))


def test_a_progress_that_stops_is_heeded(tmp_path: Path) -> None:
    """As training.stages.context.counting does it."""
    seen: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        seen.append((done, total))
        if done == 16:
            raise StoppedError("told to stop")

    with pytest.raises(StoppedError):
        tune(replace(make_job(tmp_path), progress=progress))
    assert seen == [(8, 48), (16, 48)]
    assert tune(make_job(tmp_path)).resumed_from == 2


@pytest.mark.parametrize("lose", ["judged", "result"])
def test_a_kill_after_the_last_step_costs_no_training(tmp_path: Path, lose: str) -> None:
    first = tune(make_job(tmp_path))
    job = make_job(tmp_path)
    if lose == "judged":
        job.checkpoints.delete("judged.safetensors")

    def never(_self: Trainer, _batch: object) -> torch.Tensor:
        raise AssertionError("nothing is left to learn")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "add", never)
        again = tune(job)
    assert again.resumed_from == 6
    assert again.images_seen == first.images_seen
    assert again.seconds == first.seconds
    assert_same(first, again)


def test_another_jobs_folder_is_refused(tmp_path: Path) -> None:
    tune(make_job(tmp_path))
    with pytest.raises(CheckpointError, match="other settings"):
        tune(make_job(tmp_path, seed=1))


def test_progress_tracker_and_history(tmp_path: Path) -> None:
    tracker, seen = Stopping(0), list[tuple[int, int]]()
    job = replace(make_job(tmp_path), tracker=tracker, progress=lambda *n: seen.append(n))
    tuned = tune(job)
    assert seen == [(8 * n, 48) for n in range(1, 7)]
    assert [step for step, _ in tracker.told] == [1, 2, 3, 4, 5, 6, 6]
    assert {"train/loss", "train/lr", "train/images_per_second"} <= set(tracker.told[0][1])
    assert tracker.told[-1][1] == {"held/auc": tuned.history[-1]["held_auc"]}
    assert [numbers["step"] for numbers in tuned.history] == [1, 2, 3, 4, 5, 6, 6]
    assert tuned.seconds > 0


def test_a_loss_that_is_no_number_stops_the_run(tmp_path: Path) -> None:
    job = make_job(tmp_path)
    bad = job.head.weight.copy()
    bad[0, 0] = np.inf
    with pytest.raises(DivergedError, match=r"loss is nan at step 1.*Lower learning_rate"):
        tune(replace(job, head=replace(job.head, weight=bad)))
    assert job.checkpoints.names() == []


def test_a_rate_far_too_high_is_never_kept(tmp_path: Path) -> None:
    job = make_job(tmp_path, learning_rate=1e30, epochs=4.0, warmup=0.0, checkpoint_seconds=1e-9)
    with pytest.raises(DivergedError):
        tune(job)
    for name in job.checkpoints.names("step-"):
        assert b"NaN" not in job.checkpoints.read(name)


def test_memory_that_runs_out_names_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: Trainer, _batch: object) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Trainer, "add", full)
    with pytest.raises(GpuMemoryError, match=r"batch_size: 4 and accumulate: 2"):
        tune(make_job(tmp_path))


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job(tmp_path)
    have = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: None if n == "peft" else have(n))
    with pytest.raises(NotInstalledError, match=r"need peft.*make setup-tune"):
        tune(job)


def test_the_entry_needs_no_torch() -> None:
    code = "import sys, training.tune.run; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_probe_is_not_tuned(tmp_path: Path) -> None:
    with pytest.raises(TuneError, match="take layernorm or lora"):
        tune(make_job(tmp_path, Recipe.PROBE))


def trainer_of(job: TuneJob, precision: Precision | None = None) -> Trainer:
    detector = TorchDetector(job.encoder, job.spec, job.head)
    apply_recipe(detector.tower, job.recipe, job.settings)
    order = Order(job.learn, job.settings.seed)
    schedule = plan_steps(job.settings, order.epoch_length)
    rates = rates_of(job.recipe, job.settings)
    chosen = precision or choose_precision("auto", CPU)
    return Trainer(detector, job.settings, rates, schedule, chosen)


@RECIPES
def test_accumulating_equals_a_larger_batch(tmp_path: Path, recipe: Recipe) -> None:
    whole = make_job(tmp_path, recipe, batch_size=8, accumulate=1)
    parts = make_job(tmp_path, recipe, batch_size=2, accumulate=4)
    found = []
    for job in (whole, parts):
        trainer, order = trainer_of(job), Order(job.learn, 0)
        views = Views(job.learn, job.spec, job.settings)
        total = torch.zeros(())
        for batch in batches(order, views, job.settings.batch_size, range(8), 0):
            total += trainer.add(batch)
        gradients = {n: w.grad.clone() for n, w in trainer.weights.items() if w.grad is not None}
        found.append((float(total), gradients))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-6)
    assert found[0][1].keys() == found[1][1].keys()
    for name, gradient in found[0][1].items():
        torch.testing.assert_close(gradient, found[1][1][name], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["fp32", "bf16", "fp16"])
def test_every_precision_steps_and_goes_on(tmp_path: Path, name: str) -> None:
    job = make_job(tmp_path, Recipe.LORA, lora_rank=2)
    precision = choose_precision(name, CPU)
    assert precision.name == name
    views = Views(job.learn, job.spec, job.settings)
    batch, later = list(batches(Order(job.learn, 0), views, 8, range(16), 0))

    def numbers(trainer: Trainer, step: int) -> dict[str, float]:
        return trainer.update(step, trainer.add(later if step else batch))

    straight = trainer_of(job, precision)
    first = numbers(straight, 0)
    assert first["loss"] == pytest.approx(np.log(2), abs=0.02)
    broken = trainer_of(job, precision)
    kept = State(step=1, seconds=0.0, scaler=straight.scaler.state_dict()).model_dump_json()
    broken.restore(straight.tensors(), State.model_validate_json(kept).scaler)
    assert broken.scaler.state_dict() == straight.scaler.state_dict()
    assert numbers(broken, 1) == numbers(straight, 1)
    one, two = straight.tensors(), broken.tensors()
    assert all(np.array_equal(one[key], two[key]) for key in one)


def test_compiling_is_a_switch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[torch.nn.Module] = []

    def compile_(module: torch.nn.Module) -> torch.nn.Module:
        compiled.append(module)
        return module

    monkeypatch.setattr(torch, "compile", compile_)
    plain, faster = (trainer_of(make_job(tmp_path, compile=c)) for c in (False, True))
    assert compiled == [faster.detector]
    assert plain.forward is plain.detector


def test_fp16_gives_up_where_no_scale_helps(tmp_path: Path) -> None:
    job = make_job(tmp_path)
    trainer = trainer_of(job, choose_precision("fp16", CPU))
    views = Views(job.learn, job.spec, job.settings)
    (batch,) = batches(Order(job.learn, 0), views, 8, range(8), 0)
    for weight in trainer.weights.values():
        weight.register_hook(lambda gradient: gradient * torch.inf)  # type: ignore[no-untyped-call]

    def steps() -> None:
        for _ in range(60):
            trainer.update(0, trainer.add(batch))

    before = trainer.tensors()
    with pytest.raises(DivergedError, match=r"fp16.*precision: fp32"):
        steps()
    assert all(np.array_equal(before[name], value) for name, value in trainer.tensors().items())


def test_gradients_that_are_no_numbers_stop_the_run(tmp_path: Path) -> None:
    job = make_job(tmp_path)
    trainer = trainer_of(job)
    before = trainer.tensors()
    views = Views(job.learn, job.spec, job.settings)
    (batch,) = batches(Order(job.learn, 0), views, 8, range(8), 0)
    bias = trainer.weights["head_bias"]
    bias.register_hook(lambda gradient: gradient * torch.nan)  # type: ignore[no-untyped-call]
    with pytest.raises(DivergedError, match="gradient's length is nan"):
        trainer.update(0, trainer.add(batch))
    assert all(np.array_equal(before[name], value) for name, value in trainer.tensors().items())


def test_precision_is_chosen_by_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = torch.device("cuda")
    for capability, expected in (((8, 9), "bf16"), ((7, 5), "fp16")):
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _d, c=capability: c)
        assert choose_precision("auto", gpu).name == expected
    assert choose_precision("auto", CPU).name == "fp32"


def test_torchs_settings_are_put_back() -> None:
    before = torch.are_deterministic_algorithms_enabled(), torch.get_float32_matmul_precision()
    with repeatable(CPU):
        assert torch.are_deterministic_algorithms_enabled()
    after = torch.are_deterministic_algorithms_enabled(), torch.get_float32_matmul_precision()
    assert before == after


def test_the_callers_generator_is_left_alone(tmp_path: Path) -> None:
    job = make_job(tmp_path, Recipe.LORA)
    torch.manual_seed(9)
    expected = torch.rand(3)
    torch.manual_seed(9)
    tune(job)
    assert torch.equal(torch.rand(3), expected)


def test_the_rate_warms_up_and_falls() -> None:
    schedule = plan_steps(Settings(epochs=2, batch_size=5, accumulate=2, warmup=0.1), 100)
    assert (schedule.steps, schedule.warmup, schedule.images) == (20, 2, 200)
    shares = [schedule.share(step) for step in range(20)]
    assert shares[:3] == [0.5, 1.0, 1.0]
    assert shares[2:] == sorted(shares[2:], reverse=True)
    assert 1 / 30 < shares[-1] < 0.06
    assert plan_steps(Settings(epochs=0.01, warmup=0), 10).steps == 1


def test_rates_come_from_the_recipe_unless_named() -> None:
    assert rates_of(Recipe.LAYERNORM, Settings()).encoder == 3e-4
    assert rates_of(Recipe.LORA, Settings()).encoder == 1e-4
    named = rates_of(Recipe.LORA, Settings(learning_rate=1.0))
    assert (named.encoder, named.head) == (1.0, 0.1)


def test_an_auc_needs_both_classes(tmp_path: Path) -> None:
    job = make_job(tmp_path)
    logits = {Variant.CLEAN: np.array([1.0, 2.0])}
    one_class = [image for image in job.learn if image.target][:2]
    assert mean_auc(logits, one_class) is None
    assert tune(replace(job, held=[])).held_logits[Variant.WEB].shape == (0,)
