"""Small images to write claims into."""

import io
from functools import cache
from typing import Any

import skimage.data
from PIL import Image

MIMES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
    "GIF": "image/gif",
}


@cache
def photograph(side: int = 96) -> Image.Image:
    """Return a photograph: RGB, ``side`` pixels square."""
    return Image.fromarray(skimage.data.astronaut()).resize((side, side))


def encode(kind: str, **options: Any) -> bytes:
    """Return the photograph as a file of Pillow's format ``kind``."""
    made = io.BytesIO()
    photograph().save(made, kind, **options)
    return made.getvalue()


def opened(data: bytes) -> Image.Image:
    """Return the image unpacked, and its file closed, as the decoder leaves it."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
    return image
