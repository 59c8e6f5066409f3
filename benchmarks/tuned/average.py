"""The mean of the weights of several runs of layer norms, and of the frozen ones.

Of runs: Wortsman et al., "Model soups", 2022. Of a tuned and the frozen encoder: Wortsman et al.,
"Robust fine-tuning of zero-shot models" (WiSE-FT), 2022. Either costs at inference what one does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from benchmarks.tuned.run import START, TAPPED, Trial, learnt
from benchmarks.tuned.start import start_head
from benchmarks.tuned.tuning import Floats, judge
from benchmarks.tuned.upper import Upper
from benchmarks.tuned.variant import Variant
from detector.training_request import Recipe
from training.adaptation import Adaptation, adapted
from training.degrade import JUDGED
from training.head import Head
from training.vision import PREFIX, VisionWeights

Learnt = Mapping[str, npt.NDArray[np.float32]]


def mean_of(parts: Sequence[Learnt]) -> dict[str, npt.NDArray[np.float32]]:
    """Return the mean of what the parts have: layer norms and head."""
    names = [name for name in parts[0] if name.startswith((PREFIX, "head_"))]
    return {name: np.asarray(sum(part[name] for part in parts) / len(parts)) for name in names}


def untuned(weights: VisionWeights, head: Head, names: Sequence[str]) -> Learnt:
    """Return what a run began from, under the names of what it learnt."""
    found = {name: weights[name] for name in names if name.startswith(PREFIX)}
    bias = np.array(head.bias, np.float32)
    return {**found, "head_weight": head.weight, "head_bias": bias}


def averaged(trial: Trial, *variants: Variant, frozen: bool = False) -> Floats:
    """Return the logits [3, N] of the mean of the runs' weights, each fold's by its own.

    ``frozen`` counts what they began from as one more, with the weight of them all together.

    Raises
    ------
    ValueError
        If a run is not of layer norms, or they see features differently: no mean is defined.
    """
    first = variants[0]
    for variant in variants:
        if variant.recipe is not Recipe.LAYERNORM or variant.spread != first.spread:
            raise ValueError(f"{variant.name} and {first.name} have no mean")
    logits = np.empty((len(JUDGED), len(trial.images)))
    for fold in range(len(trial.folds)):
        seen, held = trial.split(fold)
        # All runs began from this head, so that its standardisation is theirs.
        head = start_head(trial.known, trial.images, seen, TAPPED, unit=first.spread)
        mean = mean_of([learnt(trial, variant, fold) for variant in variants])
        if frozen:
            mean = mean_of([mean, untuned(trial.weights, head, list(mean))])
        weight, bias = mean.pop("head_weight"), mean.pop("head_bias").item()
        head = replace(head, weight=weight, bias=bias)
        encoder = adapted(trial.weights, Adaptation(Recipe.LAYERNORM, mean))
        upper = Upper(encoder, START, head, Recipe.PROBE, unit=first.spread)
        logits[:, held] = judge(upper, trial.known.states, held)
    return logits
