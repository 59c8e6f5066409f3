"""From a probability to a verdict, by one fixed and published threshold."""

from enum import StrEnum

from pydantic import Field, model_validator

from detector.contract import Part


class Verdict(StrEnum):
    """What a result row says. ``error`` rows carry a :class:`detector.reason.Reason` instead."""

    AI = "ai"
    REAL = "real"
    UNSURE = "unsure"
    ERROR = "error"


class Decision(Part):
    """The verdict bands on the calibrated probability that an image is AI-generated.

    ``ai`` from ``threshold`` up; ``unsure`` from ``unsure_from`` to below ``threshold``;
    ``real`` below ``unsure_from``. Accusing a real photograph is the error that counts most, so the
    band lies below the threshold.
    """

    threshold: float = Field(ge=0, le=1)
    unsure_from: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _ordered(self) -> "Decision":
        if self.unsure_from > self.threshold:
            raise ValueError("unsure_from must not lie above threshold")
        return self

    def verdict(self, probability: float) -> Verdict:
        """Return the verdict of a calibrated probability in [0, 1]."""
        if probability >= self.threshold:
            return Verdict.AI
        return Verdict.UNSURE if probability >= self.unsure_from else Verdict.REAL
