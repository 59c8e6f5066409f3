"""An evaluation as data: what a detector does at its fixed threshold, by class, source and copy.

Made by :mod:`training.report`; read by the gate, by reports and by people.
"""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from detector.contract import Contract, Part
from detector.verdict import Decision


class Label(StrEnum):
    """What an image is."""

    REAL = "real"
    AI = "ai"


class Estimate(Part):
    """A number with its 95% bootstrap interval (images resampled within their source)."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f}-{self.high:.2f})"


class SourceResult(Part):
    """One class of one source: shares of its images called ai, unsure and real."""

    source: str
    label: Label
    images: int
    called_ai: float
    called_unsure: float
    called_real: float
    right: Estimate


class VariantResult(Part):
    """One kind of copy, named as in :class:`training.degrade.Variant`. Means are over sources.

    ``real_right`` is the share of real photographs not called ``ai``; ``ai_right`` the share of AI
    images called ``ai``; ``balanced`` their mean. Each source has the same say.
    """

    variant: str
    real_right: Estimate
    ai_right: Estimate
    balanced: Estimate
    auc: Estimate
    unsure: float
    ai_called_real: float
    sources: tuple[SourceResult, ...]

    @property
    def worst_real(self) -> SourceResult:
        """The source whose real photographs are accused most."""
        real = [s for s in self.sources if s.label is Label.REAL]
        return max(real, key=lambda s: s.called_ai)


class Report(Contract):
    """An evaluation. ``method`` says how the images were kept apart from those learnt from."""

    SCHEMA: ClassVar[str] = "aidetect.evaluation/1"

    method: str
    detector: str
    data: str
    images: int
    decision: Decision
    variants: tuple[VariantResult, ...]
    command: str = ""
    built_with: dict[str, str] = Field(default_factory=dict)
