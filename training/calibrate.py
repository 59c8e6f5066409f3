"""From out-of-source logits to a calibration and the verdict bands."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from detector.calibration import Calibration
from detector.evaluation import Label
from detector.verdict import Decision
from training.dataset import LabelledImage
from training.probe import balance

Floats = npt.NDArray[np.float64]

# Promised to users: of real photographs from sources never seen, at most this share is called ai.
MAX_REAL_CALLED_AI = 0.08
# Aimed at: of AI images, at most this share is called real …
MAX_AI_CALLED_REAL = 0.10
# … as long as no more than this share of all images is left without an answer.
MAX_UNSURE = 0.35


def fit_platt(logits: Floats, target: npt.NDArray[np.int64], weights: Floats) -> Calibration:
    """Fit Platt scaling on logits [N] of images that the head never saw.

    Raises
    ------
    ValueError
        If a higher logit does not mean a higher chance of AI: such a head is worthless.
    """
    model = LogisticRegression(C=np.inf, max_iter=1000)
    model.fit(logits.reshape(-1, 1), target, weights)
    slope = float(model.coef_[0, 0])
    if slope <= 0:
        raise ValueError(
            "on sources it never saw, the head is no better than chance; "
            "more sources of both classes are needed"
        )
    return Calibration(slope=slope, intercept=float(model.intercept_[0]))


def probabilities(logits: Floats, calibration: Calibration) -> Floats:
    """Apply the calibration to an array of logits, giving the same shape."""
    flat = [calibration.probability(logit) for logit in logits.ravel().tolist()]
    return np.array(flat).reshape(logits.shape)


def rates_by_source(
    hit: npt.NDArray[np.bool_], images: Sequence[LabelledImage], label: Label
) -> dict[str, float]:
    """Return the share of hits among each source's images of one class. ``hit`` is [N]."""
    sources = np.array([image.source for image in images])
    of_class = np.array([image.label is label for image in images])
    return {
        str(source): float(hit[of_class & (sources == source)].mean())
        for source in sorted(set(sources[of_class].tolist()))
    }


def mean_rate(hit: npt.NDArray[np.bool_], images: Sequence[LabelledImage], label: Label) -> float:
    """Return the mean over sources of :func:`rates_by_source`: each source has the same say."""
    return float(np.mean(list(rates_by_source(hit, images, label).values())))


def choose_bands(scores: Floats, images: Sequence[LabelledImage]) -> Decision:
    """Choose the verdict bands.

    ``threshold`` is the lowest at which the mean over sources of real photographs called ``ai`` is
    at most :data:`MAX_REAL_CALLED_AI` in *every* variant. ``unsure_from`` is the highest at which
    the mean over sources and variants of AI images called ``real`` is at most
    :data:`MAX_AI_CALLED_REAL`, raised as far as needed to leave at most :data:`MAX_UNSURE` of all
    images, classes and sources counting equally, without an answer.

    Parameters
    ----------
    scores
        Calibrated probabilities [V, N], each variant of each image.
    images
        The N images.
    """
    candidates = np.round(np.arange(0.0, 1.0005, 0.001), 3)

    def real_called_ai(threshold: float) -> float:
        return max(mean_rate(row >= threshold, images, Label.REAL) for row in scores)

    def ai_called_real(start: float) -> float:
        return float(np.mean([mean_rate(row < start, images, Label.AI) for row in scores]))

    def unsure(start: float, threshold: float) -> float:
        inside = (scores >= start) & (scores < threshold)
        return float(np.mean([mean_rate(row, images, c) for row in inside for c in Label]))

    threshold = next((c for c in candidates if real_called_ai(c) <= MAX_REAL_CALLED_AI), 1.0)
    below = candidates[candidates <= threshold]
    start = next((c for c in below[::-1] if ai_called_real(c) <= MAX_AI_CALLED_REAL), 0.0)
    start = next(c for c in below if c >= start and unsure(c, threshold) <= MAX_UNSURE)
    return Decision(threshold=float(threshold), unsure_from=float(start))


def calibrate(logits: Floats, images: Sequence[LabelledImage]) -> tuple[Calibration, Decision]:
    """Fit the calibration and choose the bands on logits [V, N], variants of N unseen images.

    Raises
    ------
    ValueError
        As of :func:`fit_platt`.
    """
    target, weights = np.array([image.target for image in images]), balance(images)
    copies = len(logits)
    calibration = fit_platt(logits.ravel(), np.tile(target, copies), np.tile(weights, copies))
    return calibration, choose_bands(probabilities(logits, calibration), images)
