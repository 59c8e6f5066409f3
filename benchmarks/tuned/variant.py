"""What is tried: each a name, what was expected, and how the upper blocks are tuned."""

from dataclasses import dataclass

from detector.training_request import Recipe

# AdamW's peak rate, set by the loss on what is learnt from, never by held-out images: the product's
# own (3e-4, 1e-4) are for many more steps. Tried: docs/experiments.md.
RATES = {Recipe.LAYERNORM: 4e-3, Recipe.LORA: 5e-4}


@dataclass(frozen=True)
class Variant:
    """One way to tune.

    Attributes
    ----------
    spread
        Add GenD's uniformity and alignment, and bring features to one length.
    pairs
        Pairs of a real image and its reconstruction in a step, beside the step's other images.
    crops
        Half of the pairs are native crops rather than the whole made small.
    steps
        Steps of tuning, of 16 images and the pairs each.
    seed
        Of the order of the images, of the copies and patches seen, and of what begins at random.
    """

    name: str
    what: str
    expected: str
    recipe: Recipe
    spread: bool = False
    pairs: int = 0
    crops: bool = False
    steps: int = 24
    seed: int = 1


NORMS = "layer norms of blocks 7 to 10"
LORA = "rank 8 on all linear layers of blocks 7 to 10"
SPREAD = "features of one length, uniformity 0.5 and alignment 0.1"
PAIRED = "in each step four real images and their reconstructions"

VARIANTS = (
    Variant(
        "layer norms, spread",
        f"{NORMS}; {SPREAD}",
        "better (GenD)",
        Recipe.LAYERNORM,
        spread=True,
    ),
    Variant(
        "layer norms, spread, pairs and crops",
        f"{NORMS}; {SPREAD}; {PAIRED}, half of them as native crops",
        "better: only the decoder's traces tell the two apart",
        Recipe.LAYERNORM,
        spread=True,
        pairs=4,
        crops=True,
    ),
    Variant(
        "layer norms, spread, other seed",
        f"{NORMS}; {SPREAD}; another order, other copies and patches",
        "the same: what a seed is worth",
        Recipe.LAYERNORM,
        spread=True,
        seed=2,
    ),
    Variant(
        "lora, spread",
        f"{LORA}; {SPREAD}",
        "better, and more so than layer norms",
        Recipe.LORA,
        spread=True,
    ),
    Variant(
        "lora, spread, pairs and crops",
        f"{LORA}; {SPREAD}; {PAIRED}, half of them as native crops",
        "better: only the decoder's traces tell the two apart",
        Recipe.LORA,
        spread=True,
        pairs=4,
        crops=True,
    ),
    Variant(
        "layer norms",
        f"{NORMS}, cross-entropy alone",
        "a little better",
        Recipe.LAYERNORM,
    ),
    Variant(
        "lora",
        f"{LORA}, cross-entropy alone",
        "better where sources resemble, worse elsewhere",
        Recipe.LORA,
    ),
    Variant(
        "lora, spread, pairs",
        f"{LORA}; {SPREAD}; {PAIRED}",
        "less so: resizing wipes out traces",
        Recipe.LORA,
        spread=True,
        pairs=4,
    ),
    Variant(
        "layer norms, spread, longer",
        f"{NORMS}; {SPREAD}; four times the steps",
        "better: 24 steps are less than an epoch",
        Recipe.LAYERNORM,
        spread=True,
        steps=96,
    ),
    Variant(
        "layer norms, spread, pairs and crops, other seed",
        f"{NORMS}; {SPREAD}; {PAIRED}, half of them as native crops; other seed",
        "the same: what a seed is worth",
        Recipe.LAYERNORM,
        spread=True,
        pairs=4,
        crops=True,
        seed=2,
    ),
    Variant(
        "layer norms, spread, pairs and crops, longer",
        f"{NORMS}; {SPREAD}; {PAIRED}, half of them as native crops; four times the steps",
        "better: 24 steps are less than an epoch",
        Recipe.LAYERNORM,
        spread=True,
        pairs=4,
        crops=True,
        steps=96,
    ),
)
_NAMED = {variant.name: variant for variant in VARIANTS}
# Runs of one variant that differ by the seed, for the mean of their weights.
SEEDS = {
    name: (_NAMED[name], _NAMED[f"{name}, other seed"])
    for name in ("layer norms, spread", "layer norms, spread, pairs and crops")
}
