"""Tune the upper blocks on the sources of a fold, and judge the others."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.utils import clip_grad_norm_

from benchmarks.tuned.activation import Half
from benchmarks.tuned.loss import ALIGNMENT, UNIFORMITY, alignment, uniformity
from benchmarks.tuned.pair import Pairs
from benchmarks.tuned.upper import Upper
from benchmarks.tuned.variant import RATES, Variant
from training.dataset import LabelledImage
from training.degrade import JUDGED
from training.tune.defaults import FINAL_SHARE, HEAD_SHARE, MAX_GRADIENT
from training.tune.order import Order

Floats = npt.NDArray[np.float64]
BATCH = 16
WARMUP = 3
# Of the 196 patches so many are seen in a step of tuning, others each time; all when judged. Halves
# the cost, and moves logits somewhat (PatchDropout, arXiv:2208.07220).
PATCHES = 98
JUDGE_BATCH = 24


@dataclass(frozen=True)
class Lesson:
    """What may be learnt from in a fold: images by number, and their kept activations."""

    images: Sequence[LabelledImage]
    seen: npt.NDArray[np.int64]
    states: Half
    pairs: Pairs | None = None


def some_patches(states: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return the class token and ``count`` patches of each image, drawn anew for each."""
    drawn = torch.rand(len(states), states.shape[1] - 1, generator=generator)
    chosen = drawn.argsort(dim=1)[:, :count] + 1
    index = torch.cat([torch.zeros(len(states), 1, dtype=torch.long), chosen], dim=1)
    return states.gather(1, index[:, :, None].expand(-1, -1, states.shape[2]))


def rate_at(step: int, steps: int) -> float:
    """Return the share of the peak rate: a short rise, then a cosine."""
    if step < WARMUP:
        return (step + 1) / WARMUP
    turned = (1 + math.cos(math.pi * (step - WARMUP) / max(1, steps - WARMUP))) / 2
    return FINAL_SHARE + (1 - FINAL_SHARE) * turned


def tune(
    upper: Upper,
    lesson: Lesson,
    variant: Variant,
    tell: Callable[[str], None] = lambda _text: None,
) -> list[float]:
    """Tune in place; return the cross-entropy of each step.

    Raises
    ------
    ArithmeticError
        If a loss is no number.
    """
    order = Order([lesson.images[i] for i in lesson.seen.tolist()], variant.seed)
    steps = variant.steps
    generator = torch.Generator().manual_seed(variant.seed)
    rng = np.random.default_rng(variant.seed)
    rate = RATES[variant.recipe]
    groups = [
        {"params": upper.adapted(), "lr": rate},
        {"params": [upper.head_weight, upper.head_bias], "lr": rate * HEAD_SHARE},
    ]
    groups = [group for group in groups if group["params"]]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.0)
    peaks = [group["lr"] for group in optimizer.param_groups]
    losses = []
    for step in range(steps):
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * rate_at(step, steps)
        draws = [order[position] for position in range(step * BATCH, (step + 1) * BATCH)]
        rows = [
            lesson.states[lesson.seen[draw.image], rng.integers(lesson.states.shape[1])]
            for draw in draws
        ]
        target = [draw.target for draw in draws]
        if lesson.pairs and variant.pairs:
            more, known = lesson.pairs.draw(variant.pairs, rng, crops=variant.crops)
            rows += more
            target += known
        states = torch.from_numpy(np.stack(rows)).float()
        wanted = torch.tensor(target, dtype=torch.float32)
        logits, features = upper(some_patches(states, PATCHES, generator))
        entropy = functional.binary_cross_entropy_with_logits(logits, wanted)
        loss = entropy
        if variant.spread:
            for number in range(features.shape[1]):
                unit = functional.normalize(features[:, number], dim=1)
                extra = UNIFORMITY * uniformity(unit) + ALIGNMENT * alignment(unit, wanted)
                loss = loss + extra / features.shape[1]
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        clip_grad_norm_([p for p in upper.parameters() if p.requires_grad], MAX_GRADIENT)
        optimizer.step()
        losses.append(float(entropy.detach()))
        if not math.isfinite(losses[-1]):
            raise ArithmeticError(f"{variant.name}: the loss is no number at step {step}")
        if step % 8 == 7:
            tell(f"step {step + 1}: {np.mean(losses[-8:]):.3f}")
    return losses


def judge(upper: Upper, states: Half, numbers: npt.NDArray[np.int64]) -> Floats:
    """Return the logits [3, len(numbers)] of the judged copies, seen whole."""
    found = np.empty((len(JUDGED), len(numbers)))
    with torch.no_grad():
        for copy in range(len(JUDGED)):
            for at in range(0, len(numbers), JUDGE_BATCH):
                rows = states[numbers[at : at + JUDGE_BATCH], copy]
                logits, _ = upper(torch.from_numpy(rows).float())
                found[copy, at : at + JUDGE_BATCH] = logits.double().numpy()
    return found
