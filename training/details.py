"""What an evaluation says beyond its report: curves, calibration, confusion, as a document."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from detector.contract import Contract, Part
from detector.verdict import Decision
from training import curves
from training.curves import Floats
from training.dataset import LabelledImage
from training.features import Copy
from training.probe import balance

DIGITS = 4

Row = tuple[float, ...]


class CurvePoints(Part):
    """Points of a curve."""

    x: Row
    y: Row


class ReliabilityBin(Part):
    """Images of similar probability: what was predicted of them, and what they were."""

    low: float
    high: float
    predicted: float
    observed: float
    share: float


class ConfusionRow(Part):
    """Shares of the images of one class that are called real, unsure and ai."""

    real: float
    unsure: float
    ai: float


class VariantDetails(Part):
    """One kind of copy. All are weighted: each source of a class has the same say.

    ``histogram_*`` are shares in equal bins of probability from 0 to 1.
    """

    variant: str
    average_precision: float
    tpr_at_1_fpr: float
    tpr_at_5_fpr: float
    ece: float
    reliability: tuple[ReliabilityBin, ...]
    confusion_real: ConfusionRow
    confusion_ai: ConfusionRow
    histogram_real: Row
    histogram_ai: Row
    roc: CurvePoints
    precision_recall: CurvePoints


class Details(Contract):
    """``evaluation-details.json``."""

    SCHEMA: ClassVar[str] = "aidetect.evaluation-details/1"

    images: int
    decision: Decision
    variants: tuple[VariantDetails, ...]


def _row(values: Floats) -> Row:
    return tuple(round(float(value), DIGITS) for value in values)


def _points(curve: curves.Curve) -> CurvePoints:
    short = curves.thinned(curve)
    return CurvePoints(x=_row(short.x), y=_row(short.y))


def _confusion(shares: Floats) -> ConfusionRow:
    real, unsure, ai = _row(shares)
    return ConfusionRow(real=real, unsure=unsure, ai=ai)


def _variant(
    variant: str, probability: Floats, images: Sequence[LabelledImage], decision: Decision
) -> VariantDetails:
    target = np.array([image.target for image in images], dtype=np.int64)
    data = (target, np.asarray(probability, dtype=np.float64), balance(images))
    bins = curves.reliability(*data)
    real, ai = curves.confusion(*data, decision)
    below, above = curves.histogram(*data)
    return VariantDetails(
        variant=str(variant),
        average_precision=round(curves.average_precision(*data), DIGITS),
        tpr_at_1_fpr=round(curves.tpr_at(*data, 0.01), DIGITS),
        tpr_at_5_fpr=round(curves.tpr_at(*data, 0.05), DIGITS),
        ece=round(curves.expected_calibration_error(bins), DIGITS),
        reliability=tuple(
            ReliabilityBin(low=low, high=high, predicted=predicted, observed=observed, share=share)
            for low, high, predicted, observed, share in zip(*map(_row, bins), strict=True)
        ),
        confusion_real=_confusion(real),
        confusion_ai=_confusion(ai),
        histogram_real=_row(below),
        histogram_ai=_row(above),
        roc=_points(curves.roc_points(*data)),
        precision_recall=_points(curves.precision_recall_points(*data)),
    )


def details(
    probabilities: Mapping[Copy, Floats], images: Sequence[LabelledImage], decision: Decision
) -> Details:
    """Return the details of an evaluation.

    Parameters
    ----------
    probabilities
        Calibrated probabilities [N] of each kind of copy.
    images
        The N images; both classes are among them.
    decision
        The verdict bands.
    """
    return Details(
        images=len(images),
        decision=decision,
        variants=tuple(_variant(v, row, images, decision) for v, row in probabilities.items()),
    )
