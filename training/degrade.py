"""Copies of an image as found in the wild: rescaled and recompressed, classes treated alike."""

import io
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter

WEB_SIDE, WEB_QUALITY = 768, 60
HARD_SIDE, HARD_QUALITY = 512, 40
# Some generators stamp a mark into a corner, within a twelfth of the side; a detector must not
# learn the stamp. Both classes lose their margins.
MARGIN = 0.08
MIN_SIDE = 64
# What the format can hold. https://developers.google.com/speed/webp/faq
WEBP_SIDE = 16_383


class Variant(StrEnum):
    """How a copy is made. ``clean``, ``web`` and ``hard`` are also what is judged.

    ``clean``: as it is. ``web``: at most 768 px, JPEG quality 60. ``hard``: at most 512 px, quality
    40. ``light`` and ``rough``: margins cropped, then random rescaling and recompression.
    ``edited``: a random part of the image, or all but the margins blurred; then recompressed. What
    is random is drawn from the image's own content, so that it is the same every time.
    """

    CLEAN = "clean"
    WEB = "web"
    HARD = "hard"
    LIGHT = "light"
    ROUGH = "rough"
    EDITED = "edited"


JUDGED = (Variant.CLEAN, Variant.WEB, Variant.HARD)
# Learnt from by default. ``light`` is of detectors fitted before 1.4.0: in its place ``edited``
# keeps scores of parts and of blurred images from sinking (docs/experiments.md).
LEARNT = (*JUDGED, Variant.ROUGH, Variant.EDITED)


class Recipe(NamedTuple):
    """Bounds of a random degradation: scale factor, rounds and quality of recompression."""

    scale: tuple[float, float]
    rounds: int
    quality: tuple[int, int]


RECIPES = {
    Variant.LIGHT: Recipe(scale=(0.8, 1.2), rounds=1, quality=(75, 96)),
    Variant.ROUGH: Recipe(scale=(0.4, 1.0), rounds=2, quality=(30, 80)),
}

# Share of each side that is left of a part; sigma of a blur in pixels; quality after either.
PART = (0.4, 0.9)
BLUR = (0.5, 2.5)
EDITED_QUALITY = (60, 96)


def recompress(image: Image.Image, codec: str, quality: int) -> Image.Image:
    """Return the image after one round of lossy compression; ``codec`` is JPEG or WEBP."""
    buffer = io.BytesIO()
    if codec == "WEBP":
        image = shrink(image, WEBP_SIDE)
    image.save(buffer, codec, quality=quality)
    buffer.seek(0)
    with Image.open(buffer) as copy:
        return copy.convert("RGB")


def shrink(image: Image.Image, side: int) -> Image.Image:
    """Return the image with its long side at most ``side`` pixels."""
    factor = side / max(image.size)
    return image if factor >= 1 else rescale(image, factor)


def rescale(image: Image.Image, factor: float) -> Image.Image:
    """Return the image resized by a factor, each side at least one pixel."""
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.LANCZOS)


def crop_margins(image: Image.Image) -> Image.Image:
    """Return the image without its margins, where generators leave visible marks."""
    x, y = int(image.width * MARGIN), int(image.height * MARGIN)
    return image.crop((x, y, image.width - x, image.height - y))


def _random(image: Image.Image, recipe: Recipe, rng: np.random.Generator) -> Image.Image:
    image = crop_margins(image)
    # Never below what still holds evidence.
    floor = MIN_SIDE / min(image.size)
    image = rescale(image, max(min(1.0, floor), rng.uniform(*recipe.scale)))
    for _ in range(int(rng.integers(1, recipe.rounds + 1))):
        image = _recompressed(image, recipe.quality, rng)
    return image


def _recompressed(
    image: Image.Image, quality: tuple[int, int], rng: np.random.Generator
) -> Image.Image:
    codec = "JPEG" if rng.random() < 0.7 else "WEBP"
    return recompress(image, codec, int(rng.integers(*quality)))


def _part(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    share = rng.uniform(*PART)
    width, height = (min(side, max(MIN_SIDE, round(side * share))) for side in image.size)
    x, y = int(rng.integers(image.width - width + 1)), int(rng.integers(image.height - height + 1))
    return image.crop((x, y, x + width, y + height))


def _edited(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    if rng.random() < 0.5:
        image = _part(image, rng)
    else:
        blur = ImageFilter.GaussianBlur(float(rng.uniform(*BLUR)))
        image = crop_margins(image).filter(blur)
    return _recompressed(image, EDITED_QUALITY, rng)


def degrade(image: Image.Image, variant: Variant, seed: int) -> Image.Image:
    """Return a copy of an upright RGB image.

    Parameters
    ----------
    image
        8-bit RGB.
    variant
        Which copy.
    seed
        For the random variants; draw it from the image's content.
    """
    fixed: dict[Variant, Callable[[], Image.Image]] = {
        Variant.CLEAN: lambda: image,
        Variant.WEB: lambda: recompress(shrink(image, WEB_SIDE), "JPEG", WEB_QUALITY),
        Variant.HARD: lambda: recompress(shrink(image, HARD_SIDE), "JPEG", HARD_QUALITY),
    }
    if variant in fixed:
        return fixed[variant]()
    rng = np.random.default_rng([seed, list(Variant).index(variant)])
    if variant is Variant.EDITED:
        return _edited(image, rng)
    return _random(image, RECIPES[variant], rng)
