"""The plan of a batch: which lane, which shards, which detector, all pinned before work begins."""

import re
from enum import StrEnum
from typing import ClassVar, Self

from pydantic import Field

from detector.contract import Contract, ContractError, Part
from detector.evidence import MAX_IMAGES
from detector.purpose import Purpose

# AWS Batch array jobs have 2 to 10,000 children.
# https://docs.aws.amazon.com/batch/latest/userguide/array_jobs.html
MAX_ARRAY_SIZE = 10_000
REF_PATTERN = re.compile(r"(?P<name>[a-z0-9][a-z0-9-]*)@(?P<version>[0-9A-Za-z][0-9A-Za-z.+-]*)")


class Lane(StrEnum):
    """Where a batch is scored."""

    EXPRESS = "express"
    BATCH = "batch"


class Shard(Part):
    """The slice of the manifest that one array child scores.

    ``first`` and ``count`` number manifest entries (the header is not counted, the first entry is
    0); ``offset`` and ``length`` give the same slice in bytes, for one ranged GET.
    """

    index: int = Field(ge=0)
    first: int = Field(ge=0)
    count: int = Field(ge=1)
    offset: int = Field(ge=0)
    length: int = Field(ge=1)


class DetectorRef(Part):
    """The exact detector of a batch."""

    bucket: str
    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"

    @classmethod
    def parse(cls, text: str, *, bucket: str, where: str = "detector") -> Self:
        """Read ``name@version``.

        Raises
        ------
        ContractError
            If the text has another form.
        """
        match = REF_PATTERN.fullmatch(text)
        if not match:
            raise ContractError(f"{where} is {text!r}, which is not name@version of a detector")
        return cls(bucket=bucket, name=match["name"], version=match["version"])


class Limits(Part):
    """Bounds on one image, so that a hostile one costs a row and not a job."""

    max_bytes: int = 100 * 1024 * 1024
    max_pixels: int = 100_000_000
    min_side: int = 32
    decode_seconds: float = 30.0
    max_members: int = 1_000_000
    # A zip member that unpacks to over this many times its packed size is a bomb. DEFLATE's own
    # ceiling is 1032:1; photographs stay near 1:1. https://www.bamsoftware.com/hacks/zipbomb/
    max_ratio: float = 200.0


class BatchPlan(Contract):
    """Everything a scorer needs to know about a batch."""

    SCHEMA: ClassVar[str] = "aidetect.plan/1"

    batch: str
    run_date: str
    started_at: str
    bucket: str
    lane: Lane
    entries: int
    chunk_size: int = Field(default=1000, ge=1)
    shards: tuple[Shard, ...]
    detector: DetectorRef
    limits: Limits = Limits()
    # Of about how many images thumbnails and heat maps are kept; 0 for none.
    evidence_images: int = Field(default=MAX_IMAGES, ge=0)
    purpose: Purpose = Purpose.LIVE
    # The live batch that a shadow is of.
    shadow_of: str = ""


def chunk_name(first: int, sequence: int | None = None) -> str:
    """Name a chunk by its first manifest entry, and by its place in the archive for members."""
    return f"{first:09d}" if sequence is None else f"{first:09d}-{sequence:05d}"
