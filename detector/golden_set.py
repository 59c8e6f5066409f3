"""The golden set: labelled images that the champion is held to every day.

They lie in the training bucket as ``golden/<label>/<SHA-256><suffix>``, so that a label is part of
the name, and an image that was mislabelled is moved. Nothing trains on them.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Self

from detector.contract import Contract
from detector.evaluation import Label
from detector.layout import GOLDEN_PREFIX
from detector.uri import S3Uri
from detector.verdict import Verdict


def golden_prefix(bucket: str) -> S3Uri:
    """Where the golden set lies in the training bucket."""
    return S3Uri(bucket, GOLDEN_PREFIX)


def golden_key(label: Label, sha256: str, suffix: str) -> str:
    """Return the key of a golden image."""
    return f"{GOLDEN_PREFIX}{label.value}/{sha256}{suffix.lower()}"


def label_of(key: str) -> Label | None:
    """Return the label of a golden image by its key; None where it is named otherwise."""
    name = key.removeprefix(GOLDEN_PREFIX).partition("/")[0]
    return Label(name) if key.startswith(GOLDEN_PREFIX) and name in set(Label) else None


class GoldenAccuracy(Contract):
    """``golden.json`` of a golden batch: how the champion did on the golden set.

    ``real_right`` is the share of real photographs not called ai, ``ai_right`` that of AI images
    called ai, ``balanced`` their mean: as in :class:`detector.evaluation.VariantResult`. ``auc`` is
    the area under the ROC curve. Error rows are counted apart and judge nothing.
    """

    SCHEMA: ClassVar[str] = "aidetect.golden-accuracy/1"

    batch: str
    detector: str
    at: str
    real: int
    ai: int
    errors: int
    real_right: float
    ai_right: float
    balanced: float
    auc: float

    @classmethod
    def of(
        cls,
        said: Iterable[tuple[Label, Verdict, float | None]],
        *,
        batch: str,
        detector: str,
        at: str,
    ) -> Self | None:
        """Judge what was said of each image; None unless both classes have a verdict."""
        listed = list(said)
        judged = [(label, v, p) for label, v, p in listed if p is not None]
        real, ai = ([(v, p) for each, v, p in judged if each is label] for label in Label)
        if not real or not ai:
            return None
        real_right = sum(v is not Verdict.AI for v, _ in real) / len(real)
        ai_right = sum(v is Verdict.AI for v, _ in ai) / len(ai)
        return cls(
            batch=batch,
            detector=detector,
            at=at,
            real=len(real),
            ai=len(ai),
            errors=len(listed) - len(judged),
            real_right=real_right,
            ai_right=ai_right,
            balanced=(real_right + ai_right) / 2,
            auc=area([p for _, p in real], [p for _, p in ai]),
        )


def area(real: Sequence[float], ai: Sequence[float]) -> float:
    """Return how often an AI image has the higher probability of a pair; a tie is half (AUC)."""
    ordered = sorted([(p, 0) for p in real] + [(p, 1) for p in ai])
    rank_sum, at = 0.0, 0
    while at < len(ordered):
        end = at
        while end < len(ordered) and ordered[end][0] == ordered[at][0]:
            end += 1
        # Equal values share the mean of their ranks, which count from 1.
        rank_sum += (at + 1 + end) / 2 * sum(is_ai for _, is_ai in ordered[at:end])
        at = end
    return (rank_sum - len(ai) * (len(ai) + 1) / 2) / (len(real) * len(ai))
