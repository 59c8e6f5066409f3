"""Opens an image once, under the limits for hostile files, and says what it is."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import imagehash
from PIL import AvifImagePlugin, Image, ImageFile

from batch_inference.decoding import Facts, examine, prepare_pillow
from detector.plan import Limits
from detector.preprocess import upright_rgb
from detector.reason import ImageError, Reason

# Above this many pixels images are unpacked one at a time, so that memory stays bounded.
LARGE_PIXELS = 16_000_000
# Longer sides carry nothing that a hash of 32 x 32 pixels would show.
HASHED_SIDE = 512


@dataclass(frozen=True)
class Inspected:
    """What an image file is; ``phash`` is its 64-bit perceptual hash in hexadecimal."""

    facts: Facts
    phash: str
    quantisation: float
    exif: bool


def _look(image: Image.Image) -> tuple[str, float, bool]:
    tables = getattr(image, "quantization", None) or {}
    values = [value for table in tables.values() for value in table]
    exif = bool(image.info.get("exif"))
    pixels = upright_rgb(image)
    pixels.thumbnail((HASHED_SIDE, HASHED_SIDE), Image.Resampling.BOX)
    mean = round(sum(values) / len(values), 4) if values else 0.0
    return str(imagehash.phash(pixels)), mean, exif


class Inspector:
    """Inspects images from several threads."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._large = threading.Lock()

    def inspect(self, data: bytes) -> Inspected:
        """Decode a file wholly.

        Raises
        ------
        ImageError
            If it is empty, too large, broken, a bomb, or no image.
        """
        if not data:
            raise ImageError(Reason.EMPTY)
        if len(data) > self._limits.max_bytes:
            raise ImageError(
                Reason.TOO_LARGE, f"{len(data)} bytes; the limit is {self._limits.max_bytes}"
            )
        held = False

        def admit(pixels: int) -> None:
            nonlocal held
            if pixels > LARGE_PIXELS:
                held = self._large.acquire()

        try:
            facts, looked = examine(data, self._limits, _look, admit)
        finally:
            if held:
                self._large.release()
        if isinstance(looked, ImageError):
            raise looked
        return Inspected(facts, *looked)


@contextmanager
def hostile_files(limits: Limits) -> Iterator[None]:
    """Have Pillow set up for hostile files inside, and as it was afterwards."""
    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    threads = AvifImagePlugin.DEFAULT_MAX_THREADS
    with warnings.catch_warnings():
        prepare_pillow(limits)
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = before
            AvifImagePlugin.DEFAULT_MAX_THREADS = threads
