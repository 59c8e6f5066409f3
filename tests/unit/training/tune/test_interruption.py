"""Killed again and again at any moment, a run ends with the very bits of one left alone."""

import multiprocessing
import os
import random
import signal
import time
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from detector.training_request import Recipe
from tests.unit.training.tune.attempt import STOPPED, attempt, ready
from tests.unit.training.tune.jobs import pictures

KILLS = 10  # of each recipe
# Steps long enough to be hit, checkpoints often enough to be hit while they are written.
SETTINGS: dict[str, Any] = {
    "epochs": 8.0,
    "batch_size": 4,
    "accumulate": 2,
    "learning_rate": 1e-3,
    "lora_rank": 2,
    "degrade": True,
    "consistency": 0.5,
    "checkpoint_seconds": 0.02,
}
FILES = ("adaptation", "head", "history", "logits")


@pytest.fixture(scope="module")
def server() -> ForkServerContext:
    """Start processes that have torch loaded already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.unit.training.tune.attempt"])
    process = context.Process(target=ready)
    process.start()
    process.join()
    assert process.exitcode == 0
    return context


@pytest.mark.parametrize("recipe", [Recipe.LAYERNORM, Recipe.LORA])
def test_interrupted_equals_uninterrupted(
    tmp_path: Path, server: ForkServerContext, recipe: Recipe
) -> None:
    pictures(tmp_path / "images")

    def start(checkpoints: str, result: str, settings: dict[str, Any]) -> Any:
        arguments = (tmp_path, recipe, checkpoints, result, settings)
        process = server.Process(target=attempt, args=arguments)
        process.start()
        return process

    begun = time.monotonic()
    # Left alone, and without checkpoints on the way: keeping them must change nothing.
    alone = start("alone", "expected", SETTINGS | {"checkpoint_seconds": 1e6})
    alone.join()
    assert alone.exitcode == 0
    span = time.monotonic() - begun
    expected = {name: (tmp_path / "expected" / name).read_bytes() for name in FILES}

    rng = random.Random(recipe.value)
    kills, stops, rounds, resumed = 0, 0, 0, 0
    # On a busy machine a signal may come before anything was kept; go on until each was seen.
    while kills < KILLS or not stops or not resumed:
        rounds += 1
        checkpoints, result = f"checkpoints-{rounds}", f"result-{rounds}"
        while not (tmp_path / result / "whole").exists():
            process = start(checkpoints, result, SETTINGS)
            seen = kills >= KILLS and stops and resumed
            process.join(None if seen else rng.uniform(0.1, 0.7) * span)
            if process.exitcode is None:
                number = rng.choice([signal.SIGKILL, signal.SIGTERM])
                os.kill(process.pid, number)
                process.join()
                # It may have come to its end just before a SIGTERM, or not yet be listening.
                assert process.exitcode in {-number, STOPPED, 0}
                kills += process.exitcode != 0
                stops += process.exitcode == STOPPED
            else:
                assert process.exitcode == 0
        found = {name: (tmp_path / result / name).read_bytes() for name in FILES}
        assert found == expected
        resumed += int((tmp_path / result / "resumed").read_text()) > 0
