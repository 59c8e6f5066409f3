"""A tuning run from its job to its result, with all that happens in between."""

import math
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from training.stages.context import StoppedError
from training.tune.autoencoder import Autoencoder
from training.tune.batches import Batch, batches
from training.tune.checkpoint import Checkpoint, Checkpoints, State
from training.tune.defaults import rates_of
from training.tune.errors import GpuMemoryError
from training.tune.fingerprint import fingerprint
from training.tune.job import Tuned, TuneJob
from training.tune.judge import Judge, mean_auc
from training.tune.model import TorchDetector
from training.tune.order import Order
from training.tune.pairs import PairFolder, write_pairs
from training.tune.precision import choose_precision, default_device, repeatable
from training.tune.prefetch import default_workers
from training.tune.recipes import adaptation_of, apply_recipe
from training.tune.schedule import plan_steps
from training.tune.trainer import Trainer
from training.tune.views import Views

# Steps whose numbers are kept in the history, about; a tracker is told of every one.
HISTORY = 1000


class Session:
    """One attempt at a job on one device."""

    def __init__(self, job: TuneJob, device: torch.device, workers: int) -> None:
        rates = rates_of(job.recipe, job.settings)
        self.job, self.device, self.workers = job, device, workers
        self.order = Order(job.learn, job.settings.seed, job.settings.pairs)
        # Made once without pairs so that contradictory settings are refused before any work.
        self.views = Views(job.learn, job.spec, job.settings)
        self.schedule = plan_steps(job.settings, self.order.epoch_length)
        self.checkpoints = Checkpoints(job.checkpoints, fingerprint(job), job.tell)
        begun = self.checkpoints.load()
        self.detector = TorchDetector(job.encoder, job.spec, job.head)
        apply_recipe(self.detector.tower, job.recipe, job.settings)
        self.detector.to(device)
        precision = choose_precision(job.settings.precision, device)
        self.trainer = Trainer(self.detector, job.settings, rates, self.schedule, precision)
        self.state = State(step=0, seconds=0.0)
        if begun is not None:
            self.trainer.restore(begun.tensors, begun.state.scaler)
            self.state = begun.state
            job.tell(f"Going on from step {self.state.step} of {self.schedule.steps}")
        self.resumed_from = self.state.step
        self.started = time.monotonic() - self.state.seconds

    def run(self) -> Tuned:
        """Learn what is left to learn, judge, and return the result."""
        if self.state.step < self.schedule.steps:
            with tempfile.TemporaryDirectory(prefix="pairs-") as folder:
                self._learn(Path(folder))
        job, history = self.job, list(self.state.history)
        held = self.checkpoints.judged()
        if held is None:
            judge = Judge(job.spec, self.device, job.settings.batch_size, self.workers, job.stop)
            held = judge.logits(self.detector, job.held)
            self.checkpoints.put_judged(held)
        if (auc := mean_auc(held, job.held)) is not None:
            history.append({"step": self.state.step, "held_auc": auc})
            job.tracker.log(self.state.step, {"held/auc": auc})
        return Tuned(
            head=self.detector.head(job.head),
            adaptation=adaptation_of(self.detector.tower, job.recipe),
            held_logits=held,
            history=history,
            images_seen=self.schedule.images,
            seconds=self.state.seconds,
            resumed_from=self.resumed_from,
        )

    def _learn(self, folder: Path) -> None:
        positions = range(self.state.step * self.schedule.per_step, self.schedule.images)
        views = self.views
        if self.job.settings.pairs:
            views = self._with_pairs(PairFolder(folder), positions)
        stream = batches(self.order, views, self.job.settings.batch_size, positions, self.workers)
        saved = time.monotonic()
        try:
            while self.state.step < self.schedule.steps:
                self._step(stream)
                if time.monotonic() - saved >= self.job.settings.checkpoint_seconds:
                    self._save()
                    saved = time.monotonic()
        except StoppedError:
            # Weights change only as a step is completed, so they are those of the state.
            self._save()
            raise
        self._save()

    def _with_pairs(self, folder: PairFolder, positions: range) -> Views:
        job = self.job
        rebuild = Autoencoder(self.device).rebuild
        write_pairs(folder, self.order, positions, job.learn, rebuild, job.stop, job.tell)
        return Views(job.learn, job.spec, job.settings, folder)

    def _step(self, stream: Iterator[Batch]) -> None:
        begun, step = time.monotonic(), self.state.step
        loss = torch.zeros((), device=self.device)
        for _ in range(self.job.settings.accumulate):
            self.job.stop.check()
            loss += self.trainer.add(next(stream))
        numbers = self.trainer.update(step, loss)
        now = time.monotonic()
        every = math.ceil(self.schedule.steps / HISTORY)
        last = step + 1 == self.schedule.steps
        kept = [numbers] if step % every == 0 or last else []
        self.state = State(
            step=step + 1,
            seconds=now - self.started,
            scaler=self.trainer.scaler.state_dict(),
            history=[*self.state.history, *kept],
        )
        told = {f"train/{name}": value for name, value in numbers.items() if name != "step"}
        told["train/images_per_second"] = self.schedule.per_step / max(1e-9, now - begun)
        if self.device.type == "cuda":
            told["train/gpu_memory_gib"] = torch.cuda.max_memory_allocated(self.device) / 2**30
        self.job.tracker.log(step + 1, told)
        self.job.progress((step + 1) * self.schedule.per_step, self.schedule.images)

    def _save(self) -> None:
        if self.state.step:
            self.checkpoints.save(Checkpoint(self.state, self.trainer.tensors()))


def run(job: TuneJob, workers: int | None = None) -> Tuned:
    """Tune; see :func:`training.tune.run.tune`.

    Parameters
    ----------
    job
        What to do.
    workers
        Threads that read images; by default as many as there are processors. Changes no result.
    """
    device = default_device()
    try:
        with repeatable(device):
            return Session(job, device, default_workers() if workers is None else workers).run()
    except torch.OutOfMemoryError as error:
        size = job.settings.batch_size
        raise GpuMemoryError(
            f"a batch of {size} images does not fit the GPU's memory; set batch_size: "
            f"{max(1, size // 2)} and accumulate: {2 * job.settings.accumulate}, which learns the "
            f"same ({error})"
        ) from error
