"""What is tried: each a name, what was expected, and how the upper blocks are tuned."""

from dataclasses import dataclass

from detector.training_request import Recipe

# AdamW's peak rate, chosen by the loss on what is learnt from, never by held-out images: the
# product's own (3e-4, 1e-4) are for thousands of steps and move nothing in so few.
RATES = {Recipe.LAYERNORM: 1e-3, Recipe.LORA: 1e-3, Recipe.PROBE: 1e-3}


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
    """

    name: str
    what: str
    expected: str
    recipe: Recipe
    spread: bool = False
    pairs: int = 0
    crops: bool = False
    seed: int = 1


VARIANTS = (
    Variant(
        "head alone",
        "the same steps on the head, blocks frozen",
        "as the frozen head: shows what the steps do by themselves",
        Recipe.PROBE,
    ),
    Variant(
        "layer norms",
        "layer norms of blocks 7 to 10, cross-entropy",
        "a little better",
        Recipe.LAYERNORM,
    ),
    Variant(
        "layer norms, spread",
        "the same, features of one length, uniformity 0.5 and alignment 0.1",
        "better (GenD)",
        Recipe.LAYERNORM,
        spread=True,
    ),
    Variant(
        "lora",
        "rank 8 on all linear layers of blocks 7 to 10, cross-entropy",
        "better where sources resemble, worse elsewhere",
        Recipe.LORA,
    ),
    Variant(
        "lora, spread",
        "the same with GenD's losses",
        "better than without",
        Recipe.LORA,
        spread=True,
    ),
    Variant(
        "lora, pairs",
        "cross-entropy, and in each step four real images and their reconstructions",
        "better: only the decoder's traces tell the two apart",
        Recipe.LORA,
        pairs=4,
    ),
    Variant(
        "lora, pairs and crops",
        "the same, half of the pairs as native crops",
        "better than resized pairs, where traces survive",
        Recipe.LORA,
        pairs=4,
        crops=True,
    ),
)
