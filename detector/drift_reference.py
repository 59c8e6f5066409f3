"""What a detector's scores and embeddings look like where nothing is amiss, to know drift by."""

from bisect import bisect_right
from typing import ClassVar

from pydantic import Field

from detector.contract import Contract, Part

DRIFT_FILE = "drift.json"


class Limit(Part):
    """What the statistics of a batch of ``images`` exceed by chance in a known share of batches."""

    images: int = Field(ge=1)
    psi: float
    shift: float


class DriftReference(Contract):
    """``drift.json`` of a detector package.

    ``real`` and ``ai`` count the calibrated log-odds of images of each class, none of which the
    detector had learnt from, by the bins of :data:`detector.sketch.SCORE_EDGES`. ``mean`` is the
    mean of the projected embeddings, ``within`` their variance inside a source and ``between`` that
    of the sources' means, one number a direction. ``limits``, in order of ``images``, are exceeded
    by a batch that is like the reference with the probability ``false_alarm``, each of the two.
    ``data`` says what it was made of.
    """

    SCHEMA: ClassVar[str] = "aidetect.drift-reference/1"

    data: str
    sources: int = Field(ge=2)
    real: tuple[int, ...]
    ai: tuple[int, ...]
    mean: tuple[float, ...]
    within: tuple[float, ...]
    between: tuple[float, ...]
    false_alarm: float = Field(gt=0, lt=1)
    limits: tuple[Limit, ...] = Field(min_length=1)

    def limit(self, images: int) -> Limit | None:
        """Return the limits for a batch; None where it has too few images to say anything.

        Of the sizes next to it, the wider limit of each kind.
        """
        at = bisect_right([limit.images for limit in self.limits], images)
        if at == 0:
            return None
        near = self.limits[at - 1 : at + 1]
        return Limit(
            images=images,
            psi=max(limit.psi for limit in near),
            shift=max(limit.shift for limit in near),
        )


class Drift(Part):
    """How far a batch's scores and embeddings are from the reference, each beside its limit."""

    images: int
    psi: float
    psi_limit: float
    shift: float
    shift_limit: float

    @property
    def ratio(self) -> float:
        """The shift as a share of its limit: above 1 it is drift.

        Scores are left out: sources differ in them far more than chance does, so that nearly every
        large batch of one source exceeds the limit of ``psi``. docs/drift.md.
        """
        return self.shift / self.shift_limit
