"""A variant over all folds: tuned, judged and kept, so that a stopped run goes on."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.numpy import load_file, save_file

from benchmarks.tuned.activation import Activations
from benchmarks.tuned.pair import Pairs
from benchmarks.tuned.start import fit_on, start_head
from benchmarks.tuned.tuning import BATCH, PATCHES, Floats, Lesson, judge, tune
from benchmarks.tuned.upper import Upper
from benchmarks.tuned.variant import RATES, Variant
from training.adaptation import Adaptation
from training.dataset import LabelledImage
from training.degrade import JUDGED
from training.vision import Array, VisionWeights

Ints = npt.NDArray[np.int64]
# After the block whose output is kept; tapped of the tuned blocks are these.
START, TAPPED = 6, (8, 10)


@dataclass(frozen=True)
class Trial:
    """What all variants share: images, folds of sources, the frozen encoder's activations.

    The AI images of the sources ``unlearnt`` are judged like any, and never learnt from.
    """

    images: Sequence[LabelledImage]
    folds: Sequence[frozenset[str]]
    known: Activations
    weights: VisionWeights
    kept: Path
    pairs: Pairs | None = None
    unlearnt: frozenset[str] = frozenset()
    tell: Callable[[str], None] = print

    def split(self, fold: int) -> tuple[Ints, Ints]:
        """Return the numbers of the images that are seen, and of those that are judged."""
        held = np.array([image.source in self.folds[fold] for image in self.images])
        left = np.array([i.target == 1 and i.source in self.unlearnt for i in self.images])
        return np.flatnonzero(~held & ~left), np.flatnonzero(held)


@dataclass(frozen=True)
class Outcome:
    """Logits [3, N] of the judged copies, and the mean loss of the first and last steps."""

    logits: Floats
    begun: float
    ended: float


def frozen(trial: Trial, layers: tuple[int, ...]) -> Floats:
    """Return the logits [3, N] of the frozen encoder's heads, each fold's by its own head."""
    index = [trial.known.layers.index(layer) for layer in layers]
    return heads(trial, trial.known.taps[:, :, index])


def heads(trial: Trial, features: Array) -> Floats:
    """Return the logits [3, N] of heads on features [N, C, T, width], each fold's by its own."""
    logits = np.empty((len(JUDGED), len(trial.images)))
    for fold in range(len(trial.folds)):
        seen, held = trial.split(fold)
        head = fit_on(features, trial.images, seen, tuple(range(1, features.shape[2] + 1)))
        for copy in range(len(JUDGED)):
            logits[copy, held] = head.logits(features[held, copy])
    return logits


def tuned(trial: Trial, variant: Variant) -> Outcome:
    """Return what a variant says of every image, by a detector that never saw its source."""
    logits = np.empty((len(JUDGED), len(trial.images)))
    begun, ended = [], []
    for fold in range(len(trial.folds)):
        _, held = trial.split(fold)
        kept = learnt(trial, variant, fold)
        logits[:, held] = kept["logits"]
        begun.append(kept["losses"][:8].mean())
        ended.append(kept["losses"][-8:].mean())
    return Outcome(logits, float(np.mean(begun)), float(np.mean(ended)))


def learnt(trial: Trial, variant: Variant, fold: int) -> dict[str, npt.NDArray[Any]]:
    """Return what a variant learnt in a fold, and its logits; tune it if that is not kept.

    Raises
    ------
    ValueError
        If it needs pairs and the trial has none.
    """
    seen, held = trial.split(fold)
    path = trial.kept / f"{variant.name.replace(',', '').replace(' ', '-')}-{fold}.safetensors"
    how = _fingerprint(trial, variant, fold)
    if path.is_file():
        kept = load_file(path)
        if bytes(kept["how"]) == how:
            return kept
    if variant.pairs and trial.pairs is None:
        raise ValueError(f"{variant.name} needs pairs")
    unit = variant.spread
    head = start_head(trial.known, trial.images, seen, TAPPED, unit=unit)
    torch.manual_seed(variant.seed)
    upper = Upper(trial.weights, START, head, variant.recipe, unit=unit)
    pairs = trial.pairs.without(sorted(trial.folds[fold])) if trial.pairs else None

    def tell(text: str) -> None:
        trial.tell(f"{variant.name}, fold {fold + 1}, {text}")

    lesson = Lesson(trial.images, seen, trial.known.states, pairs)
    losses = tune(upper, lesson, variant, tell=tell)
    logits = judge(upper, trial.known.states, held)
    adaptation: Adaptation = upper.adaptation()
    kept = {
        "logits": logits,
        "losses": np.array(losses),
        "how": np.frombuffer(how, np.uint8),
        "head_weight": upper.head_weight.detach().numpy(),
        "head_bias": upper.head_bias.detach().numpy(),
        **adaptation.tensors,
    }
    trial.kept.mkdir(parents=True, exist_ok=True)
    save_file({k: np.ascontiguousarray(v) for k, v in kept.items()}, path)
    tell("judged")
    return kept


def _fingerprint(trial: Trial, variant: Variant, fold: int) -> bytes:
    names = [image.path.name for image in trial.images]
    told = asdict(variant) | {"what": "", "expected": ""}
    steps = told.pop("steps")
    how = {
        "variant": told,
        "images": hashlib.sha256("".join(names).encode()).hexdigest(),
        "held": sorted(trial.folds[fold]),
        "numbers": [steps, BATCH, PATCHES, START, *TAPPED, RATES[variant.recipe]],
        "encoder": trial.weights.sha256,
    }
    if trial.unlearnt:
        how["unlearnt"] = sorted(trial.unlearnt)
    return json.dumps(how).encode()
