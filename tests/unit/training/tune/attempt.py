"""One attempt at a tuning job in a process of its own, stopped as a spot instance stops it."""

import signal
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.numpy import save as save_tensors

from detector.training_request import Recipe
from tests.unit.training.tune.jobs import make_job
from training.stages.context import StoppedError
from training.tune.job import Tuned
from training.tune.session import run

STOPPED = 143


def write_result(folder: Path, tuned: Tuned) -> None:
    """Write all that was learnt, last of all what says that it is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "adaptation").write_bytes(save_tensors(tuned.adaptation.tensors))
    (folder / "resumed").write_text(str(tuned.resumed_from))
    (folder / "head").write_bytes(tuned.head.dumps())
    (folder / "history").write_text(repr(tuned.history))
    logits = {variant.value: values.tolist() for variant, values in tuned.held_logits.items()}
    (folder / "logits").write_text(repr(logits))
    (folder / "whole").touch()


def ready() -> None:
    """Do nothing, in a process that has loaded all of the above."""


def attempt(
    root: Path, recipe: Recipe, checkpoints: str, result: str, settings: dict[str, Any]
) -> None:
    """Go on with a job; exits with 143 when told to stop, having kept a checkpoint."""
    torch.set_num_threads(1)
    job = make_job(root, recipe, checkpoints=checkpoints, **settings)
    signal.signal(signal.SIGTERM, lambda _signal, _frame: job.stop.set())
    try:
        tuned = run(job, workers=1)
    except StoppedError:
        sys.exit(STOPPED)
    write_result(root / result, tuned)
