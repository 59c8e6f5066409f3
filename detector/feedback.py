"""What reviewers said: one JSON line for each image they marked, in one object a sitting."""

from typing import ClassVar

from pydantic import Field

from detector.contract import Contract
from detector.evaluation import Label
from detector.verdict import Verdict


class Correction(Contract):
    """One image, marked by a person as what they hold it for. The newest of an image counts."""

    SCHEMA: ClassVar[str] = "aidetect.feedback/1"

    batch: str
    image: str = Field(min_length=1, max_length=4096)
    label: Label
    # What the reviewer saw when marking it.
    verdict: Verdict
    probability: float | None = Field(default=None, ge=0, le=1)
    detector: str
    # UTC, ISO 8601; the reviewer's own clock.
    marked_at: str
    reviewer: str = Field(default="", max_length=120)
    sha256: str | None = None
