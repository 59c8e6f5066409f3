"""One optimiser step, and what is kept of it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from detector.training_request import Settings
from training.tune.batches import Batch
from training.tune.checkpoint import Tensors
from training.tune.defaults import MAX_GRADIENT, Rates
from training.tune.errors import DivergedError
from training.tune.loss import batch_loss
from training.tune.model import HEAD, TorchDetector
from training.tune.precision import Precision
from training.tune.schedule import Schedule

# AdamW's state by the names torch gives it.
MOMENTS = ("step", "exp_avg", "exp_avg_sq")
WEIGHT = "weight"
# What of the loss scaler's state is a whole number, which JSON does not tell from others.
COUNTS = ("growth_interval", "_growth_tracker")
# Below this scale of the loss, fp16 has no room left for the gradients.
MIN_SCALE = 1e-3


@dataclass
class Trainer:
    """Steps of AdamW over a detector's trainable weights."""

    detector: TorchDetector
    settings: Settings
    rates: Rates
    schedule: Schedule
    precision: Precision
    optimizer: torch.optim.AdamW = field(init=False)
    scaler: torch.amp.GradScaler = field(init=False)

    def __post_init__(self) -> None:
        """Sort the weights into those of the head and those of the encoder."""
        self.weights = self.detector.trainable()
        rates: dict[float, list[nn.Parameter]] = {self.rates.encoder: [], self.rates.head: []}
        for name, weight in self.weights.items():
            rate = self.rates.head if name.startswith(HEAD) else self.rates.encoder
            rates[rate].append(weight)
        groups: list[dict[str, Any]] = [
            {"params": weights, "lr": rate, "peak": rate} for rate, weights in rates.items()
        ]
        self.optimizer = torch.optim.AdamW(groups, weight_decay=self.settings.weight_decay)
        self.scaler = self.precision.scaler()
        self.forward: Callable[[Tensor], Tensor] = self.detector
        if self.settings.compile:
            self.forward = torch.compile(self.detector)

    def add(self, batch: Batch) -> Tensor:
        """Add a batch's gradients; return its loss, still on the device."""
        device = self.precision.device
        pixels = torch.from_numpy(batch.pixels).to(device)
        target, weight = (torch.from_numpy(v).to(device) for v in (batch.target, batch.weight))
        with self.precision.autocast():
            logits = self.forward(pixels.flatten(0, 1))
        logits = logits.float().reshape(pixels.shape[:2])
        loss = batch_loss(logits, target, weight, self.settings.consistency)
        loss = loss / self.settings.accumulate
        torch.autograd.backward(self.scaler.scale(loss))
        return loss.detach()

    def update(self, step: int, loss: Tensor) -> dict[str, float]:
        """Take a step, counted from 0, along the gradients that were added; return its numbers.

        Raises
        ------
        DivergedError
            If loss or gradients are not finite; the weights are then those before the step.
        """
        value = float(loss)
        if not math.isfinite(value):
            raise self._diverged(step, f"the loss is {value}")
        share = self.schedule.share(step)
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * share
        self.scaler.unscale_(self.optimizer)
        norm = float(nn.utils.clip_grad_norm_(list(self.weights.values()), MAX_GRADIENT))
        if not self.scaler.is_enabled() and not math.isfinite(norm):
            raise self._diverged(step, f"the gradient's length is {norm}")
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        if self.scaler.is_enabled() and self.scaler.get_scale() < MIN_SCALE:
            raise self._diverged(step, "fp16 cannot hold the gradients at any scale")
        # A step that the scaler left out for an overflow has no length to speak of.
        length = {"grad_norm": norm} if math.isfinite(norm) else {}
        return {"step": step + 1, "loss": value, "lr": self.rates.encoder * share, **length}

    def _diverged(self, step: int, what: str) -> DivergedError:
        return DivergedError(
            f"{what} at step {step + 1}; weights from there on are not kept. Lower learning_rate "
            f"(now {self.rates.encoder:g}), raise warmup, or take precision: fp32 (now "
            f"{self.precision.name})"
        )

    def tensors(self) -> Tensors:
        """Return everything that a checkpoint must hold, by name."""
        found: Tensors = {}
        for name, weight in self.weights.items():
            kept = {WEIGHT: weight.detach(), **self.optimizer.state.get(weight, {})}
            for kind, tensor in kept.items():
                found[f"{kind}/{name}"] = tensor.cpu().numpy().copy()
        return found

    def restore(self, tensors: Tensors, scaler: dict[str, float]) -> None:
        """Go back to where a checkpoint was taken."""
        for name, weight in self.weights.items():
            with torch.no_grad():
                weight.copy_(torch.from_numpy(tensors[f"{WEIGHT}/{name}"]))
            moments = {k: tensors[f"{k}/{name}"] for k in MOMENTS if f"{k}/{name}" in tensors}
            if moments:
                self.optimizer.state[weight] = {
                    # AdamW counts its steps on the CPU.
                    k: torch.from_numpy(v).to("cpu" if k == "step" else weight.device)
                    for k, v in moments.items()
                }
        if scaler:
            counted = {name: int(scaler[name]) for name in COUNTS}
            self.scaler.load_state_dict({**scaler, **counted})
