"""Learning rates by recipe, where the settings name none.

``layernorm``: GenD (Yermakov et al., "Deepfake Detection that Generalizes Across Benchmarks",
WACV 2026, https://github.com/yermandy/GenD) tunes CLIP's layer norms by AdamW at 3e-4, cosine to
1e-5, without weight decay.
``lora``: Dual Data Alignment (NeurIPS 2025, https://github.com/roy-ch/Dual-Data-Alignment) tunes by
LoRA of rank 8 at 1e-4, 64 images a step.
"""

from dataclasses import dataclass

from detector.training_request import Recipe, Settings
from training.tune.errors import TuneError

# The head begins from a fitted probe (Kumar et al. 2022: probe first, then tune, so that a bad head
# does not bend good features). Its weights are small numbers on standardised features, which
# AdamW's steps, equally long for every weight, would drown; so it learns at a tenth of the rate.
HEAD_SHARE = 0.1
# Share of the peak rate at the end of the cosine: GenD's 1e-5 of 3e-4.
FINAL_SHARE = 1 / 30
# Longest gradient that is followed as it is; keeps one odd batch from spoiling the weights.
MAX_GRADIENT = 1.0

PEAK = {Recipe.LAYERNORM: 3e-4, Recipe.LORA: 1e-4}


@dataclass(frozen=True)
class Rates:
    """Peak learning rates of the encoder's trainable weights and of the head's."""

    encoder: float
    head: float


def rates_of(recipe: Recipe, settings: Settings) -> Rates:
    """Return the learning rates of a recipe under these settings.

    Raises
    ------
    TuneError
        If the recipe tunes no encoder.
    """
    if recipe not in PEAK:
        raise TuneError(f"recipe {recipe.value} tunes no encoder; take layernorm or lora")
    peak = PEAK[recipe] if settings.learning_rate is None else settings.learning_rate
    return Rates(encoder=peak, head=peak * HEAD_SHARE)
