"""A training run: what was asked, pinned; what each stage did; how it ended."""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from detector.contract import Contract, Part
from detector.plan import DetectorRef
from detector.training_request import TrainingRequest


class Stage(StrEnum):
    """The stages of a run, in order."""

    PREPARE = "prepare"
    TRAIN = "train"
    EVALUATE = "evaluate"
    EXPORT = "export"
    GATE = "gate"
    PROMOTE = "promote"


class TrainingRun(Contract):
    """``run.json``: written once when the run begins, read by every stage."""

    SCHEMA: ClassVar[str] = "aidetect.training-run/1"

    run: str
    created_at: str
    training_bucket: str
    models_bucket: str
    request: TrainingRequest
    # The detector to beat; pinned, so that a promotion meanwhile does not change the comparison.
    champion: DetectorRef | None = None
    name: str
    version: str


class StageRecord(Contract):
    """Written when a stage is done; its presence says so, and the stage is not done again."""

    SCHEMA: ClassVar[str] = "aidetect.stage/1"

    run: str
    stage: Stage
    finished_at: str
    seconds: float
    attempt: int = 1
    said: dict[str, str] = Field(default_factory=dict)


class StageFailure(Contract):
    """Written when a stage fails for a reason that a person can put right."""

    SCHEMA: ClassVar[str] = "aidetect.stage-failure/1"

    run: str
    stage: Stage
    failed_at: str
    error: str
    message: str


class Exported(Contract):
    """``exported.json``: the challenger as released into the registry, and its parity."""

    SCHEMA: ClassVar[str] = "aidetect.exported/1"

    detector: DetectorRef
    parity: dict[str, float] = Field(default_factory=dict)


class SourceComparison(Part):
    """Challenger and champion on the same images of one class of one source, one kind of copy.

    ``right`` is the share not called ``ai`` of real photographs, called ``ai`` of AI images.
    ``basis``: the champion was ``measured`` now on a source it never learnt from, or its figure was
    ``recorded`` when it was fitted, by a head that had not seen that source.
    """

    source: str
    label: str
    variant: str
    images: int
    challenger_right: float
    champion_right: float
    basis: str


class Comparison(Contract):
    """``comparison.json``: what the gate judges. Sources without a fair figure are ``left_out``."""

    SCHEMA: ClassVar[str] = "aidetect.comparison/1"

    challenger: str
    champion: str | None
    rows: tuple[SourceComparison, ...] = ()
    left_out: tuple[str, ...] = ()


class Outcome(StrEnum):
    """How a run ended."""

    PROMOTED = "promoted"
    REFUSED = "refused"
    PASSED = "passed"  # the gate was passed, and promotion was not asked for


class GateDecision(Contract):
    """``gate.json``: whether the challenger may take the champion's place, and why."""

    SCHEMA: ClassVar[str] = "aidetect.gate/1"

    run: str
    challenger: DetectorRef
    champion: DetectorRef | None
    passed: bool
    reasons: tuple[str, ...]
    numbers: dict[str, float] = Field(default_factory=dict)
    decided_at: str


class TrainingCompleted(Contract):
    """Detail of the EventBridge event (source ``aidetect``, detail type ``TrainingCompleted``)."""

    SCHEMA: ClassVar[str] = "aidetect.training-completed/1"
    SOURCE: ClassVar[str] = "aidetect"
    DETAIL_TYPE: ClassVar[str] = "TrainingCompleted"

    run: str
    outcome: Outcome
    challenger: str
    champion: str
    reasons: tuple[str, ...]
    report: str
