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


class GeneratorResult(Part):
    """AI images that one generator made, of whatever source: shares called ai, unsure and real."""

    generator: str
    images: int
    called_ai: float
    called_unsure: float
    called_real: float
    right: Estimate


class Ranking(Part):
    """How well probabilities order images, and whether they are to be believed.

    Average precision, the share of AI found where 1% and 5% of real photographs are accused, and
    the expected calibration error; both classes, and sources within a class, weigh the same.
    """

    average_precision: float
    tpr_at_1_fpr: float
    tpr_at_5_fpr: float
    ece: float


class Abstention(Part):
    """What ``unsure`` is worth: answers given up, and mistakes spared.

    ``coverage`` is the share of images that get an answer; ``error`` the share of wrong ones among
    these; ``error_if_all`` the share of wrong ones if every image were decided at the threshold.
    Both classes, and sources within a class, weigh the same.
    """

    coverage: float
    error: float
    error_if_all: float

    @property
    def spared(self) -> float:
        """The error that is spared, as a share of what it would be; negative where it grows."""
        return 1 - self.error / self.error_if_all if self.error_if_all else 0.0


class VariantResult(Part):
    """One kind of copy, named as in :class:`training.degrade.Variant` or :mod:`training.ladder`.

    ``real_right`` is the share of real photographs not called ``ai``; ``ai_right`` the share of AI
    images called ``ai``; ``balanced`` their mean. Means are over sources: each has the same say.
    Generators are known for some data only.
    """

    variant: str
    real_right: Estimate
    ai_right: Estimate
    balanced: Estimate
    auc: Estimate
    unsure: float
    ai_called_real: float
    sources: tuple[SourceResult, ...]
    ranking: Ranking | None = None
    abstention: Abstention | None = None
    generators: tuple[GeneratorResult, ...] = ()

    @property
    def worst_real(self) -> SourceResult:
        """The source whose real photographs are accused most."""
        real = [s for s in self.sources if s.label is Label.REAL]
        return max(real, key=lambda s: s.called_ai)


class Ladder(Part):
    """The same images under one degradation after the other, at the same calibration and threshold.

    ``per_group`` is the most images that were taken of a class of a source, ``images`` how many
    they are; the first rung is these images as found.
    """

    per_group: int
    images: int
    rungs: tuple[VariantResult, ...]


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
    ladder: Ladder | None = None
