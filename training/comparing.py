"""Two detectors side by side, as far as that is fair: docs/decisions/006."""

from collections.abc import Iterable, Mapping
from typing import Literal

from detector.contract import Part
from detector.evaluation import Estimate, Label, Report, SourceResult, VariantResult
from detector.package import DetectorPackage
from training.dossier import Dossier
from training.report import mean_balanced, mean_right

REAL, AI, BALANCED = "real not called ai", "AI called ai", "balanced"
Key = tuple[str, Label, str]
# A difference of shares that no figure shows.
SAME = 0.0005


class Pair(Part):
    """One figure of both detectors: what, on which copies, and over how many sources if of some."""

    variant: str
    what: str
    first: Estimate
    second: Estimate
    sources: int = 0

    @property
    def gain(self) -> float:
        """How much higher the second is."""
        return self.second.value - self.first.value

    @property
    def overlap(self) -> bool:
        """Whether the intervals have anything in common, so that it may be chance."""
        return self.first.low <= self.second.high and self.second.low <= self.first.high


class SourcePair(Part):
    """One class of one source, one kind of copy, as both do on as many images of it."""

    source: str
    label: Label
    variant: str
    images: int
    first: Estimate
    second: Estimate

    @property
    def gain(self) -> float:
        """How much higher the second is."""
        return self.second.value - self.first.value


class Fact(Part):
    """Something that both are or have."""

    name: str
    first: str
    second: str

    @property
    def differs(self) -> bool:
        """Whether it is not the same."""
        return self.first != self.second


class SideBySide(Part):
    """What a person wants to see who puts the second in the first one's place.

    ``shared`` are means over the sources that both have figures for, of as many images; ``whole``
    are each one's own figures, which compare only where ``same_images``. ``left_out`` names the
    sources that only one of them has a figure for.
    """

    first: str
    second: str
    same_images: bool
    shared: tuple[Pair, ...]
    whole: tuple[Pair, ...]
    sources: tuple[SourcePair, ...]
    left_out: tuple[str, ...]
    ladder: tuple[Pair, ...]
    same_ladder: bool
    facts: tuple[Fact, ...]
    fairness: tuple[str, ...]

    @property
    def verdict(self) -> tuple[str, Literal["good", "bad", "warn", "muted"]]:
        """One sentence on images as found, and its mood."""
        found = {pair.what: pair for pair in self.shared if pair.variant == "clean"}
        if BALANCED not in found:
            return (
                "They cannot be compared: there is no source of each class that both were judged "
                "on, with as many images.",
                "muted",
            )
        real, ai, both = found[REAL], found[AI], found[BALANCED]
        if max(abs(real.gain), abs(ai.gain)) < SAME:
            return "On images as found, both do the same.", "muted"
        said = (
            f"On images as found, {self.second} recognises {_more(ai.gain)} AI images and accuses "
            f"{_more(-real.gain)} real photographs than {self.first}"
        )
        if both.overlap and real.overlap and ai.overlap:
            return f"{said}; all intervals overlap, so it may be chance.", "muted"
        if real.gain < 0 and not real.overlap:
            return f"{said}: it accuses more real photographs, beyond chance.", "bad"
        if both.gain < 0 and not both.overlap:
            return f"{said}: it is worse, beyond chance.", "bad"
        if both.gain > 0 and not both.overlap:
            return f"{said}: it is better, beyond chance.", "good"
        return f"{said}; some of it is beyond chance.", "warn"


def _more(gain: float) -> str:
    size = f"{abs(100 * gain):.1f} points"
    return f"{size} more" if gain > 0 else f"{size} fewer"


def compare(first: Dossier, second: Dossier) -> SideBySide:
    """Set two detectors side by side."""
    one, two = first.figures(), second.figures()
    common = [key for key in one if key in two and one[key].images == two[key].images]
    ladders = _ladders(first.judged, second.judged)
    return SideBySide(
        first=first.name,
        second=second.name,
        same_images=_same_images(first.judged, second.judged),
        shared=tuple(_shared(one, two, common)),
        whole=tuple(_whole(first.judged, second.judged)),
        sources=tuple(
            SourcePair(
                source=key[0],
                label=key[1],
                variant=key[2],
                images=one[key].images,
                first=one[key].right,
                second=two[key].right,
            )
            for key in sorted(common, key=lambda k: (k[1] is not Label.REAL, k[0]))
        ),
        left_out=tuple(sorted({k[0] for k in {**one, **two}} - {k[0] for k in common})),
        ladder=tuple(ladders),
        same_ladder=bool(ladders) and _same_ladder(first.judged, second.judged),
        facts=tuple(_facts(first.package, second.package)),
        fairness=tuple(_fairness(first, second)),
    )


def _shared(
    one: Mapping[Key, SourceResult], two: Mapping[Key, SourceResult], common: Iterable[Key]
) -> Iterable[Pair]:
    by_variant: dict[str, list[Key]] = {}
    for key in common:
        by_variant.setdefault(key[2], []).append(key)
    for variant, keys in by_variant.items():
        for label, what in ((Label.REAL, REAL), (Label.AI, AI)):
            mine = [key for key in keys if key[1] is label]
            if mine:
                yield Pair(
                    variant=variant,
                    what=what,
                    first=mean_right([one[key] for key in mine]),
                    second=mean_right([two[key] for key in mine]),
                    sources=len(mine),
                )
        if {key[1] for key in keys} == set(Label):
            yield Pair(
                variant=variant,
                what=BALANCED,
                first=mean_balanced([one[key] for key in keys]),
                second=mean_balanced([two[key] for key in keys]),
                sources=len(keys),
            )


def _pairs(first: VariantResult, second: VariantResult, *, auc: bool = True) -> Iterable[Pair]:
    figures = [
        (REAL, first.real_right, second.real_right),
        (AI, first.ai_right, second.ai_right),
        (BALANCED, first.balanced, second.balanced),
        *([("AUC", first.auc, second.auc)] if auc else []),
    ]
    for what, a, b in figures:
        yield Pair(variant=first.variant, what=what, first=a, second=b)


def _by_name(
    first: Iterable[VariantResult], second: Iterable[VariantResult]
) -> Iterable[tuple[VariantResult, VariantResult]]:
    other = {v.variant: v for v in second}
    return ((v, other[v.variant]) for v in first if v.variant in other)


def _whole(first: Report | None, second: Report | None) -> Iterable[Pair]:
    if first and second:
        for a, b in _by_name(first.variants, second.variants):
            yield from _pairs(a, b)


def _ladders(first: Report | None, second: Report | None) -> list[Pair]:
    if not (first and second and first.ladder and second.ladder):
        return []
    rungs = _by_name(first.ladder.rungs, second.ladder.rungs)
    return [pair for a, b in rungs for pair in _pairs(a, b)]


def _groups(variant: VariantResult) -> dict[tuple[str, Label], int]:
    return {(s.source, s.label): s.images for s in variant.sources}


def _same_images(first: Report | None, second: Report | None) -> bool:
    """Tell whether both were judged on as many images of the same sources; no name is recorded."""
    return bool(first and second and _groups(first.variants[0]) == _groups(second.variants[0]))


def _same_ladder(first: Report | None, second: Report | None) -> bool:
    if not (first and second and first.ladder and second.ladder):
        return False
    return _groups(first.ladder.rungs[0]) == _groups(second.ladder.rungs[0])


def _facts(one: DetectorPackage, two: DetectorPackage) -> Iterable[Fact]:
    for name, a, b in zip(_NAMES, _said(one), _said(two), strict=True):
        yield Fact(name=name, first=a, second=b)


_NAMES = (
    "called ai from", "unsure from", "calibration", "encoder", "encoder's SHA-256",
    "layers looked at", "pixels", "recipe", "fitted on", "data digest", "sources learnt from",
    "made",
)  # fmt: skip


def _said(package: DetectorPackage) -> tuple[str, ...]:
    calibration, encoder, data = package.calibration, package.encoder, package.data
    unknown = "not recorded"
    return (
        f"{package.decision.threshold}",
        f"{package.decision.unsure_from}",
        f"slope {calibration.slope:.4g}, intercept {calibration.intercept:.4g}",
        encoder.name,
        encoder.sha256[:16] or unknown,
        ", ".join(map(str, encoder.layers)) or unknown,
        f"{package.preprocessing.kind}, {package.preprocessing.size} px",
        package.recipe.value,
        f"{data.name}: {data.real:,} real, {data.ai:,} AI" if data else unknown,
        data.digest[:16] if data else unknown,
        str(len(package.learnt_sources)),
        package.created_at,
    )


def _fairness(first: Dossier, second: Dossier) -> Iterable[str]:
    """Say what keeps the figures from being equals."""
    for one, other in ((first, second), (second, first)):
        judged = other.judged
        if judged is None:
            yield f"{other.name} has no evaluation in its package; nothing can be compared."
            continue
        seen = {s.source for v in judged.variants for s in v.sources}
        learnt = sorted(seen & set(one.package.learnt_sources))
        if learnt and not seen & set(other.package.learnt_sources):
            yield (
                f"{one.name} learnt from {len(learnt)} of the {len(seen)} sources that "
                f"{other.name} is judged on ({', '.join(learnt[:4])}"
                f"{', …' if len(learnt) > 4 else ''}). There its figures are those recorded when "
                "it was fitted, of heads that had not seen the source but all its others, so "
                f"{other.name}, fitted without them, starts behind."
            )
    if first.judged and second.judged:
        if not _same_images(first.judged, second.judged):
            yield (
                "They were judged on different images: only means over the sources that both have "
                "compare, and neither AUC nor each one's own totals do."
            )
        if bool(first.test) != bool(second.test):
            mine = first if first.test else second
            theirs = second if first.test else first
            yield (
                f"{mine.name} is judged on a test that chose nothing; the figures of "
                f"{theirs.name} are of the sources its threshold was chosen on, which flatters it "
                "a little."
            )
