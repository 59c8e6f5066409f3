"""What is kept beside the rows for people to look at: a thumbnail and a heat map of an image.

Evidence objects lie apart from the result rows, one for each chunk, under the chunk's name. They
are optional: a batch without them is complete. A batch keeps evidence for at most
:data:`MAX_IMAGES` images or so, the most telling of each chunk, so that its cost has a bound.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

EVIDENCE_VERSION = 1
# What one report can show: see batch_inference/report/.
MAX_IMAGES = 5000
# However many chunks there are, each shows a few of its images.
MIN_PER_CHUNK = 5
# Long side of a thumbnail, in pixels: sharp at the 96 CSS pixels of a card on a dense screen.
THUMBNAIL_SIDE = 192
THUMBNAIL_TYPE = "image/webp"


class EvidenceColumn(NamedTuple):
    """One column of an evidence object: its name, its Arrow type, and what it means."""

    name: str
    type: str
    meaning: str


COLUMNS: tuple[EvidenceColumn, ...] = (
    EvidenceColumn("image", "string", "As in the result row."),
    EvidenceColumn("thumbnail", "binary", "WebP, no metadata, long side at most 192 px; or null."),
    EvidenceColumn("heat", "binary", "side * side int8, row by row, from the top left; or null."),
    EvidenceColumn("side", "int", "Patches along a side of the heat map; null without one."),
    EvidenceColumn("peak", "float", "The logit that a heat of 127 stands for; null without one."),
    EvidenceColumn("crop", "string", "The part of the upright image that was looked at: x,y,w,h."),
)


@dataclass(frozen=True, slots=True)
class Heat:
    """How much each patch pushed the logit, towards AI where positive.

    ``values`` are side * side bytes, int8, row by row from the top left; times ``peak`` / 127 they
    are logits.
    """

    values: bytes
    side: int
    peak: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is kept of one image. ``crop`` is x, y, width, height in shares of the upright image."""

    image: str
    thumbnail: bytes | None = None
    heat: Heat | None = None
    crop: tuple[float, float, float, float] | None = None


def per_chunk(entries: int, chunk_size: int, most: int = MAX_IMAGES) -> int:
    """Return of how many images of a chunk evidence is kept, in a batch of so many entries."""
    if most <= 0:
        return 0
    if entries <= most:
        return chunk_size
    return min(chunk_size, max(MIN_PER_CHUNK, math.ceil(most * chunk_size / entries)))
