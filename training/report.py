"""How well a detector does at its fixed threshold: by source, by class, by degradation."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from detector.calibration import Calibration
from detector.evaluation import Estimate, Label, Report, SourceResult, VariantResult
from detector.verdict import Decision
from training.calibrate import Floats, probabilities
from training.dataset import LabelledImage
from training.degrade import Variant
from training.probe import balance

RESAMPLES = 1000
AUC_RESAMPLES = 200
BOOTSTRAP_SEED = 20_261_123

Draw = Callable[[np.random.Generator], float]


def _interval(value: float, draw: Draw, times: int) -> Estimate:
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    low, high = np.quantile([draw(rng) for _ in range(times)], [0.025, 0.975])
    return Estimate(value=round(value, 4), low=round(float(low), 4), high=round(float(high), 4))


def _share(rate: float, count: int) -> Draw:
    # Resampling n images of which a share is right is drawing from a binomial.
    return lambda rng: float(rng.binomial(count, rate)) / count


def _mean(draws: Sequence[Draw]) -> Draw:
    return lambda rng: float(np.mean([draw(rng) for draw in draws]))


def _auc(row: Floats, images: Sequence[LabelledImage]) -> Estimate:
    target, weights = np.array([i.target for i in images]), balance(images)
    groups: dict[tuple[str, str], list[int]] = {}
    for number, image in enumerate(images):
        groups.setdefault((image.label.value, image.source), []).append(number)

    def auc(chosen: npt.NDArray[np.int64]) -> float:
        return float(roc_auc_score(target[chosen], row[chosen], sample_weight=weights[chosen]))

    def draw(rng: np.random.Generator) -> float:
        return auc(np.concatenate([rng.choice(g, len(g)) for g in groups.values()]))

    return _interval(auc(np.arange(len(images))), draw, AUC_RESAMPLES)


def _source(
    row: Floats, images: Sequence[LabelledImage], key: tuple[Label, str], decision: Decision
) -> SourceResult:
    label, source = key
    mine = row[[i.label is label and i.source == source for i in images]]
    ai = float((mine >= decision.threshold).mean())
    real = float((mine < decision.unsure_from).mean())
    right = ai if label is Label.AI else 1 - ai
    return SourceResult(
        source=source,
        label=label,
        images=len(mine),
        called_ai=round(ai, 4),
        called_unsure=round(1 - ai - real, 4),
        called_real=round(real, 4),
        right=_interval(right, _share(right, len(mine)), RESAMPLES),
    )


def _variant(
    variant: Variant, row: Floats, images: Sequence[LabelledImage], decision: Decision
) -> VariantResult:
    keys = sorted({(image.label, image.source) for image in images})
    sources = [_source(row, images, key, decision) for key in keys]
    by_class = {label: [s for s in sources if s.label is label] for label in Label}
    draws = {
        label: _mean([_share(s.right.value, s.images) for s in group])
        for label, group in by_class.items()
    }
    right = {
        label: float(np.mean([s.right.value for s in group])) for label, group in by_class.items()
    }
    return VariantResult(
        variant=variant.value,
        real_right=_interval(right[Label.REAL], draws[Label.REAL], RESAMPLES),
        ai_right=_interval(right[Label.AI], draws[Label.AI], RESAMPLES),
        balanced=_interval(
            float(np.mean(list(right.values()))), _mean(list(draws.values())), RESAMPLES
        ),
        auc=_auc(row, images),
        unsure=round(
            float(np.mean([np.mean([s.called_unsure for s in g]) for g in by_class.values()])), 4
        ),
        ai_called_real=round(float(np.mean([s.called_real for s in by_class[Label.AI]])), 4),
        sources=tuple(sources),
    )


def measure(
    logits: dict[Variant, Floats],
    images: Sequence[LabelledImage],
    calibration: Calibration,
    decision: Decision,
) -> tuple[VariantResult, ...]:
    """Judge logits [N] of each variant by the fixed calibration and bands."""
    return tuple(
        _variant(variant, probabilities(row, calibration), images, decision)
        for variant, row in logits.items()
    )


def render_report(report: Report) -> str:
    """Return the evaluation as Markdown tables."""
    lines = [
        "| images as | real not called ai | AI called ai | balanced | AUC | unsure "
        "| AI called real |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {v.variant} | {v.real_right} | {v.ai_right} | {v.balanced} | {v.auc} "
        f"| {v.unsure:.2f} | {v.ai_called_real:.2f} |"
        for v in report.variants
    ]
    names = " | ".join(v.variant for v in report.variants)
    lines += ["", f"| class | source | images | {names} |", "|---|---|---" + "|---" * 3 + "|"]
    for rows in zip(*(v.sources for v in report.variants), strict=True):
        first, rights = rows[0], " | ".join(str(s.right) for s in rows)
        lines.append(f"| {first.label.value} | {first.source} | {first.images} | {rights} |")
    return "\n".join(lines)
