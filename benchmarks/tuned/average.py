"""The mean of the weights of two runs of layer norms (Wortsman et al., "Model soups", 2022)."""

from collections.abc import Mapping
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
from training.vision import PREFIX

Learnt = Mapping[str, npt.NDArray[np.float32]]


def mean_of(first: Learnt, second: Learnt) -> dict[str, npt.NDArray[np.float32]]:
    """Return the mean of what both runs changed: layer norms and head."""
    names = [name for name in first if name.startswith((PREFIX, "head_"))]
    return {name: ((first[name] + second[name]) / 2).astype(np.float32) for name in names}


def averaged(trial: Trial, first: Variant, second: Variant) -> Floats:
    """Return the logits [3, N] of the mean of both runs' weights, each fold's by its own.

    Raises
    ------
    ValueError
        If a run is not of layer norms, or the two see features differently: no mean is defined.
    """
    if {first.recipe, second.recipe} != {Recipe.LAYERNORM} or first.spread != second.spread:
        raise ValueError(f"{first.name} and {second.name} have no mean")
    logits = np.empty((len(JUDGED), len(trial.images)))
    for fold in range(len(trial.folds)):
        seen, held = trial.split(fold)
        mean = mean_of(learnt(trial, first, fold), learnt(trial, second, fold))
        # Both runs began from this head, so that its standardisation is theirs.
        head = start_head(trial.known, trial.images, seen, TAPPED, unit=first.spread)
        weight, bias = mean.pop("head_weight"), mean.pop("head_bias").item()
        head = replace(head, weight=weight, bias=bias)
        encoder = adapted(trial.weights, Adaptation(Recipe.LAYERNORM, mean))
        upper = Upper(encoder, START, head, Recipe.PROBE, unit=first.spread)
        logits[:, held] = judge(upper, trial.known.states, held)
    return logits
