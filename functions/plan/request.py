"""What an execution of scoring is started with, and what plan answers."""

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from detector.layout import BatchLayout
from detector.plan import REF_PATTERN, BatchPlan, Lane
from detector.purpose import Purpose
from detector.uri import S3Uri, UriError

# What an S3 key, a Hive partition and a person can all bear; AWS allows more in execution names.
BATCH_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$"


class RequestError(ValueError):
    """The input of the execution is not what scoring takes."""


class PlanRequest(BaseModel):
    """Either a batch with its manifest, as intake gives, or a prefix to score what lies there.

    The watch over the detector says its ``purpose``. Of a shadow it names the challenger and the
    live batch.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch: str | None = Field(default=None, pattern=BATCH_PATTERN)
    manifest: str | None = None
    prefix: str | None = None
    lane: Lane | None = None
    purpose: Purpose = Purpose.LIVE
    detector: str | None = Field(default=None, pattern=f"^{REF_PATTERN.pattern}$")
    shadow_of: str | None = Field(default=None, pattern=BATCH_PATTERN)

    @model_validator(mode="after")
    def _one_source(self) -> "PlanRequest":
        if self.prefix is None and not (self.batch and self.manifest):
            raise ValueError('give {"prefix": "s3://bucket/prefix/"}, or both batch and manifest')
        if self.prefix is not None and (self.batch or self.manifest):
            raise ValueError("give either prefix, or batch and manifest, not all of them")
        if {bool(self.detector), bool(self.shadow_of)} != {self.purpose is Purpose.SHADOW}:
            raise ValueError("name detector and shadow_of for the purpose shadow, and no other")
        return self


class PlanAnswer(BaseModel):
    """What the state machine goes by. Small, since states pass at most 256 KiB."""

    model_config = ConfigDict(frozen=True)

    batch: str
    plan: str
    lane: Lane
    shards: int
    entries: int

    @classmethod
    def of(cls, plan: BatchPlan) -> "PlanAnswer":
        """Return the answer that tells of a plan."""
        return cls(
            batch=plan.batch,
            plan=str(BatchLayout(plan.bucket, plan.batch).plan),
            lane=plan.lane,
            shards=len(plan.shards),
            entries=plan.entries,
        )


def read_request(document: Any) -> PlanRequest:
    """Validate the input of an execution.

    Raises
    ------
    RequestError
        If it is not what scoring takes; says what is.
    """
    try:
        return PlanRequest.model_validate(document)
    except ValidationError as error:
        wrong = "; ".join(
            ": ".join([*(str(place) for place in part["loc"]), part["msg"]])
            for part in error.errors()
        )
        raise RequestError(f"scoring cannot start with this input: {wrong}") from error


def read_prefix(text: str) -> S3Uri:
    """Return the prefix to score.

    Raises
    ------
    RequestError
        If it is not an S3 URI.
    """
    try:
        return S3Uri.parse(text)
    except UriError as error:
        raise RequestError(str(error)) from error


def backfill_batch(execution: str) -> str:
    """Name the batch of a backfill as its execution is named.

    So a retried step finds its own work again, and a second backfill of a prefix is a new batch.

    Raises
    ------
    RequestError
        If the name holds what a batch's may not.
    """
    if not re.fullmatch(BATCH_PATTERN, execution):
        raise RequestError(
            f"the execution is named {execution!r}, and its batch after it: start it again with a "
            "name of letters, digits, - and _ only"
        )
    return execution
