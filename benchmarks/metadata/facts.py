"""What can be told of an image file without looking at a pixel."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from training.dataset import LabelledImage
from training.degrade import WEB_QUALITY, WEB_SIDE, Variant, shrink
from training.tune.read import read_upright

Floats = npt.NDArray[np.float64]
FORMATS = ("JPEG", "PNG", "WEBP")
# The web's copies are all saved by one encoder; only size is left of what tells files apart.
COPIES = (Variant.CLEAN, Variant.WEB)


@dataclass(frozen=True)
class Facts:
    """A file's size, format and side information, as numbers [F] by name."""

    values: dict[str, float]

    @classmethod
    def of(cls, data: bytes) -> "Facts":
        """Read a file's head; nothing is decoded."""
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            tables: Any = getattr(image, "quantization", {}) or {}
            # From coarse to fine: the mean step of luminance, and of colour.
            steps = [float(np.mean(tables[number])) for number in sorted(tables)][:2]
            luminance, colour = [*steps, 0.0, 0.0][:2]
            return cls(
                {
                    "width": float(width),
                    "height": float(height),
                    "aspect": width / height,
                    "bytes": float(len(data)),
                    "bytes_a_pixel": len(data) / (width * height),
                    **{name.lower(): float(image.format == name) for name in FORMATS},
                    "luminance_step": luminance,
                    "colour_step": colour,
                    "tables": float(len(tables)),
                    "progressive": float("progressive" in image.info),
                    "density": float("dpi" in image.info or "jfif_density" in image.info),
                    "exif": float("exif" in image.info),
                    "profile": float("icc_profile" in image.info),
                    "transparent": float(image.mode in {"RGBA", "LA", "P", "PA"}),
                    "grey": float(image.mode in {"L", "LA"}),
                }
            )


def file_of(image: LabelledImage, copy: Variant) -> bytes:
    """Return the file of a copy: as it is, or as the web's recompression saves it."""
    if copy is Variant.CLEAN:
        return image.path.read_bytes()
    buffer = io.BytesIO()
    shrink(read_upright(image.path), WEB_SIDE).save(buffer, "JPEG", quality=WEB_QUALITY)
    return buffer.getvalue()


def facts_of(images: Sequence[LabelledImage], copy: Variant) -> Floats:
    """Return what is told of N files, [N, F]."""
    rows = [list(Facts.of(file_of(image, copy)).values.values()) for image in images]
    return np.array(rows, np.float64)
