"""A hyperparameter search planned beforehand: every trial's settings follow from the request.

Trials run side by side, as children of an AWS Batch array, so none can learn from another: random
search, which needs fewer trials than a grid (Bergstra and Bengio, "Random Search for
Hyper-Parameter Optimization", JMLR 2012).
"""

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from detector.training_request import Recipe, Settings
from training.storage import Storage

TRIALS = "trials"
_TUNED: dict[str, BaseDistribution] = {
    "epochs": FloatDistribution(0.5, 4.0),
    "weight_decay": FloatDistribution(1e-4, 0.1, log=True),
    "consistency": CategoricalDistribution([0.0, 0.5, 1.0]),
}
SPACES: dict[Recipe, dict[str, BaseDistribution]] = {
    Recipe.PROBE: {
        "strength": FloatDistribution(1e-4, 1e-1, log=True),
        "degrade": CategoricalDistribution([True, False]),
    },
    Recipe.LAYERNORM: {"learning_rate": FloatDistribution(1e-5, 3e-3, log=True), **_TUNED},
    Recipe.LORA: {
        "learning_rate": FloatDistribution(1e-5, 1e-3, log=True),
        "lora_rank": IntDistribution(2, 32, log=True),
        **_TUNED,
    },
}


def trial_settings(settings: Settings, recipe: Recipe, trials: int) -> list[Settings]:
    """Return the settings of every trial; the first trial has those that were asked for.

    Parameters
    ----------
    settings
        What is not searched stays as it is here; ``settings.seed`` decides the sequence.
    trials
        How many, at least 1.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=settings.seed))
    planned = [settings]
    while len(planned) < trials:
        trial = study.ask(SPACES[recipe])
        found = dict(trial.params)
        if "strength" in found:
            found["strengths"] = (found.pop("strength"),)
        # Told an equal value for all: the sequence goes on, whatever a trial came to.
        study.tell(trial, 0.0)
        planned.append(Settings.model_validate({**settings.model_dump(), **found}))
    return planned


def trial_folder(number: int) -> str:
    """Name the folder of a trial among the run's files."""
    return f"{TRIALS}/{number:05d}"


def copy_files(source: Storage, target: Storage, names: list[str]) -> None:
    """Copy small files from one storage to another, in this order."""
    for name in names:
        target.write(name, source.read(name))
