"""Numbers of a run in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass

from detector.evaluation import Estimate, Label, Report
from detector.training_request import Recipe
from detector.training_run import Comparison, SourceComparison, TrainingRun
from training.ladder import LADDER

VARIANTS = {
    "clean": "as found",
    "web": "web (≤ 768 px, JPEG q60)",
    "hard": "hard (≤ 512 px, JPEG q40)",
}
RECIPES = {
    Recipe.PROBE: "a linear head on a frozen encoder",
    Recipe.LAYERNORM: "a head, and the encoder's LayerNorm weights",
    Recipe.LORA: "a head, and low-rank changes (LoRA) of the encoder",
}
DASH, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"
# Points of balanced accuracy below which two detectors are called equally good.
EQUAL = 0.005


def percent(share: float) -> str:
    """Return a share as ``97.5%``."""
    return f"{share:.1%}"


def points(difference: float) -> str:
    """Return a difference of shares as ``+2.3`` points."""
    text = f"{100 * difference:+.1f}"
    return "0.0" if text in {"+0.0", "-0.0"} else text.replace("-", MINUS)


def interval(estimate: Estimate) -> str:
    """Return the interval as ``96.2-98.6%``."""
    return f"{100 * estimate.low:.1f}{DASH}{estimate.high:.1%}"


def variant_name(variant: str) -> str:
    """Say what a kind of copy, or a rung of the ladder, is."""
    rung = LADDER.get(variant)
    return rung.label if rung else VARIANTS.get(variant, variant)


def mood(difference: float) -> str:
    """Return the class that colours a difference of shares: good, bad, or muted when small."""
    if abs(difference) < EQUAL:
        return "muted"
    return "good" if difference > 0 else "bad"


@dataclass(frozen=True)
class Difference:
    """Challenger and champion as the mean over sources of one class and one kind of copy."""

    variant: str
    label: str
    sources: int
    images: int
    challenger: float
    champion: float

    @property
    def gain(self) -> float:
        """How much the challenger is better, as a share."""
        return self.challenger - self.champion


def differences(rows: Sequence[SourceComparison]) -> list[Difference]:
    """Return the means over sources, in the order of the rows; each source has the same say."""
    groups: dict[tuple[str, str], list[SourceComparison]] = {}
    # Real photographs first: accusing one is the error that counts most.
    for row in sorted(rows, key=lambda row: row.label != Label.REAL.value):
        groups.setdefault((row.variant, row.label), []).append(row)
    return [
        Difference(
            variant=variant,
            label=label,
            sources=len(group),
            images=sum(row.images for row in group),
            challenger=sum(row.challenger_right for row in group) / len(group),
            champion=sum(row.champion_right for row in group) / len(group),
        )
        for (variant, label), group in groups.items()
    ]


@dataclass(frozen=True)
class Verdict:
    """Challenger against champion: a sentence, and how to colour it (good, bad, muted)."""

    text: str
    mood: str
    short: str


def _gain(rows: Sequence[Difference], label: Label) -> float | None:
    gains = [row.gain for row in rows if row.label == label.value]
    return sum(gains) / len(gains) if gains else None


def against_champion(comparison: Comparison | None) -> Verdict:
    """Say whether the challenger is better, by how much, and at whose cost."""
    if comparison is None or comparison.champion is None:
        return Verdict("There was no champion to compare it with.", "muted", "first detector")
    rows = differences(comparison.rows)
    real, ai = _gain(rows, Label.REAL), _gain(rows, Label.AI)
    champion = comparison.champion
    if real is None or ai is None:
        return Verdict(
            f"It could not be compared with the champion {champion}: no source of both classes "
            "was new to both.",
            "muted",
            "not comparable",
        )
    gain = (real + ai) / 2
    parts = (
        f"{points(gain)} points of balanced accuracy on the same images "
        f"(real photographs {points(real)}, AI images {points(ai)})"
    )
    short = f"{points(gain)} points"
    if abs(gain) < EQUAL:
        return Verdict(f"It is as good as the champion {champion}: {parts}.", "muted", short)
    if gain < 0:
        return Verdict(f"It is worse than the champion {champion}: {parts}.", "bad", short)
    if real < -EQUAL:
        return Verdict(
            f"It is better than the champion {champion} on the whole, but accuses more real "
            f"photographs: {parts}.",
            "warn",
            short,
        )
    return Verdict(f"It is better than the champion {champion}: {parts}.", "good", short)


def headline(report: Report) -> str:
    """Say in one sentence what the detector does with images as they are found."""
    first = report.variants[0]
    return (
        f"Recognises {percent(first.ai_right.value)} of AI images and wrongly accuses "
        f"{percent(1 - first.real_right.value)} of real photographs"
    )


def made_of(run: TrainingRun, report: Report) -> str:
    """Say what was trained, on what, and what it was judged on."""
    recipe = run.request.recipe
    sources = {source.source for variant in report.variants for source in variant.sources}
    return (
        f"{run.name} {run.version} is {RECIPES[recipe]} (recipe {recipe.value}), trained on "
        f"{run.request.dataset} and judged on {report.images:,} images of {len(sources)} sources."
    )
