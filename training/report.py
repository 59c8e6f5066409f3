"""How well a detector does at its fixed threshold: by source, by class, by degradation."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from detector.calibration import Calibration
from detector.evaluation import (
    Abstention,
    Estimate,
    GeneratorResult,
    Label,
    Ranking,
    SourceResult,
    VariantResult,
)
from detector.verdict import Decision
from training import curves
from training.calibrate import Floats, probabilities
from training.dataset import LabelledImage
from training.features import Copy
from training.probe import balance

RESAMPLES = 1000
AUC_RESAMPLES = 200
BOOTSTRAP_SEED = 20_261_123


def _interval(value: float, resampled: Floats) -> Estimate:
    low, high = np.quantile(resampled, [0.025, 0.975])
    return Estimate(value=round(value, 4), low=round(float(low), 4), high=round(float(high), 4))


def _shares(rates: Sequence[float], counts: Sequence[int]) -> Floats:
    """Resample the images behind each share: float64 [RESAMPLES, len(rates)].

    Resampling n images of which a share is right is drawing from a binomial.
    """
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    drawn = rng.binomial(counts, rates, size=(RESAMPLES, len(rates)))
    return drawn / np.asarray(counts, dtype=np.float64)


def _share(rate: float, count: int) -> Estimate:
    return _interval(rate, _shares([rate], [count])[:, 0])


def _rights(results: Sequence[SourceResult]) -> Floats:
    return _shares([s.right.value for s in results], [s.images for s in results])


def mean_right(results: Sequence[SourceResult]) -> Estimate:
    """Return the mean over sources of the shares of right calls, each source with the same say."""
    right = float(np.mean([s.right.value for s in results]))
    return _interval(right, _rights(results).mean(axis=1))


def mean_balanced(results: Sequence[SourceResult]) -> Estimate:
    """Return the mean of both classes' means over sources."""
    groups = [[s for s in results if s.label is label] for label in Label]
    right = float(np.mean([np.mean([s.right.value for s in group]) for group in groups]))
    drawn = np.split(_rights([s for group in groups for s in group]), [len(groups[0])], axis=1)
    return _interval(right, np.mean([group.mean(axis=1) for group in drawn], axis=0))


def _auc(row: Floats, images: Sequence[LabelledImage]) -> Estimate:
    target, weights = np.array([i.target for i in images]), balance(images)
    # Once for all resamples: they have no values of their own.
    _, ranks = np.unique(row, return_inverse=True)
    groups: dict[tuple[str, str], list[int]] = {}
    for number, image in enumerate(images):
        groups.setdefault((image.label.value, image.source), []).append(number)
    members = [np.array(group) for group in groups.values()]
    rng = np.random.default_rng(BOOTSTRAP_SEED)

    def auc(chosen: npt.NDArray[np.int64]) -> float:
        return curves.area(target[chosen], ranks[chosen], weights[chosen])

    drawn = [
        auc(np.concatenate([rng.choice(group, len(group)) for group in members]))
        for _ in range(AUC_RESAMPLES)
    ]
    return _interval(auc(np.arange(len(images))), np.array(drawn))


def _called(mine: Floats, decision: Decision) -> tuple[float, float, float]:
    """Return the shares called ai, unsure and real."""
    ai = float((mine >= decision.threshold).mean())
    real = float((mine < decision.unsure_from).mean())
    return ai, 1 - ai - real, real


def _source(
    row: Floats, images: Sequence[LabelledImage], key: tuple[Label, str], decision: Decision
) -> SourceResult:
    label, source = key
    mine = row[[i.label is label and i.source == source for i in images]]
    ai, unsure, real = _called(mine, decision)
    right = ai if label is Label.AI else 1 - ai
    return SourceResult(
        source=source,
        label=label,
        images=len(mine),
        called_ai=round(ai, 4),
        called_unsure=round(unsure, 4),
        called_real=round(real, 4),
        right=_share(right, len(mine)),
    )


def _generators(
    row: Floats, images: Sequence[LabelledImage], decision: Decision
) -> tuple[GeneratorResult, ...]:
    """Judge AI images by what made them, as far as that is known."""
    found = []
    for name in sorted({i.generator for i in images if i.label is Label.AI and i.generator}):
        mine = row[[i.label is Label.AI and i.generator == name for i in images]]
        ai, unsure, real = _called(mine, decision)
        found.append(
            GeneratorResult(
                generator=name,
                images=len(mine),
                called_ai=round(ai, 4),
                called_unsure=round(unsure, 4),
                called_real=round(real, 4),
                right=_share(ai, len(mine)),
            )
        )
    return tuple(found)


def _ranking(row: Floats, images: Sequence[LabelledImage]) -> Ranking:
    target = np.array([image.target for image in images], dtype=np.int64)
    data = (target, row, balance(images))
    return Ranking(
        average_precision=round(curves.average_precision(*data), 4),
        tpr_at_1_fpr=round(curves.tpr_at(*data, 0.01), 4),
        tpr_at_5_fpr=round(curves.tpr_at(*data, 0.05), 4),
        ece=round(curves.expected_calibration_error(curves.reliability(*data)), 4),
    )


def abstention(row: Floats, images: Sequence[LabelledImage], decision: Decision) -> Abstention:
    """Say what it is worth not to answer: probabilities [N] of the N images."""
    is_ai = np.array([image.target == 1 for image in images])
    weights = balance(images) / len(images)
    called_ai = row >= decision.threshold
    decided = called_ai | (row < decision.unsure_from)
    wrong = called_ai != is_ai
    coverage = float(weights[decided].sum())
    error = float(weights[decided & wrong].sum()) / coverage if coverage else 0.0
    return Abstention(
        coverage=round(coverage, 4),
        error=round(error, 4),
        error_if_all=round(float(weights[wrong].sum()), 4),
    )


def _variant(
    variant: str, row: Floats, images: Sequence[LabelledImage], decision: Decision
) -> VariantResult:
    keys = sorted({(image.label, image.source) for image in images})
    sources = [_source(row, images, key, decision) for key in keys]
    by_class = {label: [s for s in sources if s.label is label] for label in Label}
    return VariantResult(
        variant=str(variant),
        real_right=mean_right(by_class[Label.REAL]),
        ai_right=mean_right(by_class[Label.AI]),
        balanced=mean_balanced(sources),
        auc=_auc(row, images),
        unsure=round(
            float(np.mean([np.mean([s.called_unsure for s in g]) for g in by_class.values()])), 4
        ),
        ai_called_real=round(float(np.mean([s.called_real for s in by_class[Label.AI]])), 4),
        sources=tuple(sources),
        ranking=_ranking(row, images),
        abstention=abstention(row, images, decision),
        generators=_generators(row, images, decision),
    )


def measure(
    logits: Mapping[Copy, Floats],
    images: Sequence[LabelledImage],
    calibration: Calibration,
    decision: Decision,
) -> tuple[VariantResult, ...]:
    """Judge logits [N] of each kind of copy by the fixed calibration and bands."""
    return tuple(
        _variant(variant, probabilities(row, calibration), images, decision)
        for variant, row in logits.items()
    )
