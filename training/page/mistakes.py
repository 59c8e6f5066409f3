"""Images a detector gets wrong, small enough to be looked at in a page."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from detector.evaluation import Label
from detector.preprocess import upright_rgb
from detector.verdict import Decision
from training.curves import Floats
from training.dataset import LabelledImage

# Longest side in pixels, and JPEG quality: some five kilobytes an image.
SIDE, QUALITY = 160, 80
# Real photographs called ai come first, but leave at least this share to AI images called real.
LEFT_TO_AI = 1 / 3


@dataclass(frozen=True)
class Mistake:
    """An image with a wrong verdict. ``thumbnail`` is a JPEG without any metadata."""

    sha256: str
    name: str
    label: Label
    source: str
    probability: float
    thumbnail: bytes


def make_thumbnail(data: bytes) -> bytes:
    """Return a small JPEG of an image file, nothing of the file's metadata in it.

    Raises
    ------
    OSError, ValueError, SyntaxError, Image.DecompressionBombError
        If it cannot be read as an image.
    """
    with Image.open(io.BytesIO(data)) as image:
        image.draft("RGB", (4 * SIDE, 4 * SIDE))
        small = upright_rgb(image)
    small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    # A new image: Pillow would carry comments and profiles of the old one over.
    fresh = Image.fromarray(np.asarray(small))
    buffer = io.BytesIO()
    fresh.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return buffer.getvalue()


def find_mistakes(
    images: Sequence[LabelledImage], probabilities: Floats, decision: Decision, limit: int = 24
) -> list[Mistake]:
    """Return the worst mistakes: real photographs called ai, then AI images called real.

    Parameters
    ----------
    images
        Images on disk. One that cannot be read is passed over.
    probabilities
        Their calibrated probabilities [N].
    decision
        The verdict bands.
    limit
        How many at most.
    """
    order = np.argsort(probabilities, kind="stable")
    accused = [
        int(i)
        for i in order[::-1]
        if images[i].label is Label.REAL and probabilities[i] >= decision.threshold
    ]
    missed = [
        int(i)
        for i in order
        if images[i].label is Label.AI and probabilities[i] < decision.unsure_from
    ]
    room = min(len(missed), round(limit * LEFT_TO_AI))
    first = _shown(images, probabilities, accused, limit - room)
    return first + _shown(images, probabilities, missed, limit - len(first))


def _shown(
    images: Sequence[LabelledImage], probabilities: Floats, chosen: Sequence[int], limit: int
) -> list[Mistake]:
    found: list[Mistake] = []
    for number in chosen:
        if len(found) >= limit:
            break
        image = images[number]
        try:
            data = image.path.read_bytes()
            thumbnail = make_thumbnail(data)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            continue
        found.append(
            Mistake(
                sha256=hashlib.sha256(data).hexdigest(),
                name=image.path.name,
                label=image.label,
                source=image.source,
                probability=float(probabilities[number]),
                thumbnail=thumbnail,
            )
        )
    return found
