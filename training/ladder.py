"""A ladder of degradations: what happens to images on their way to where they are looked at.

Each rung is one degradation alone, the same for both classes and without chance, so that a figure
can be had again. ``clean``, ``web`` and ``hard`` (:mod:`training.degrade`) are what detectors are
released on; the ladder shows where one breaks.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageFilter

from training.dataset import LabelledImage
from training.degrade import Variant, degrade, recompress, rescale

# A browser window or a viewer on the most common desktop screen.
# https://gs.statcounter.com/screen-resolution-stats/desktop/worldwide
SCREEN = (1920, 1080)
# A display that is a little warm, and not quite of the gamma that the image was made for.
GAMMA = 1.08
WARMTH = (1.02, 1.0, 0.97)
SCREENSHOT_QUALITY = 85
# Moves the second compression's 8 px blocks off the first's, as every edit between two saves does.
SHIFT = 3
DEFAULT_PER_GROUP = 25

Make = Callable[[Image.Image], Image.Image]


@dataclass(frozen=True)
class Rung:
    """One degradation: its name in documents, what it is of, what it does in words, and the doing.

    ``make`` takes and gives 8-bit RGB.
    """

    name: str
    group: str
    label: str
    make: Make


def _jpeg(quality: int) -> Make:
    return lambda image: recompress(image, "JPEG", quality)


def _webp(quality: int) -> Make:
    return lambda image: recompress(image, "WEBP", quality)


def _resize(factor: float) -> Make:
    return lambda image: rescale(image, factor)


def _blur(sigma: float) -> Make:
    return lambda image: image.filter(ImageFilter.GaussianBlur(sigma))


def _crop(share: float) -> Make:
    def crop(image: Image.Image) -> Image.Image:
        width, height = (max(1, round(side * share)) for side in image.size)
        x, y = (image.width - width) // 2, (image.height - height) // 2
        return image.crop((x, y, x + width, y + height))

    return crop


def screenshot(image: Image.Image) -> Image.Image:
    """Return what a screenshot of an image becomes once it is sent on.

    Shown as large as the screen allows, colours as the display has them, saved losslessly (which
    changes nothing, so it is not done), and compressed by whoever it was sent through.
    """
    factor = min(SCREEN[0] / image.width, SCREEN[1] / image.height)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    # Browsers and viewers scale by bilinear filters.
    shown = image.resize(size, Image.Resampling.BILINEAR)
    table = [
        min(255, round(255 * gain * (level / 255) ** GAMMA))
        for gain in WARMTH
        for level in range(256)
    ]
    return recompress(shown.point(table), "JPEG", SCREENSHOT_QUALITY)


def double_jpeg(image: Image.Image) -> Image.Image:
    """Return an image saved twice, quality 75 and then 50, its blocks moved between the two."""
    once = recompress(image, "JPEG", 75)
    x, y = (SHIFT if side > SHIFT else 0 for side in once.size)
    return recompress(once.crop((x, y, *once.size)), "JPEG", 50)


_RUNGS = (
    *(Rung(f"jpeg-{q}", "JPEG", f"JPEG quality {q}", _jpeg(q)) for q in (95, 80, 60, 40, 30)),
    *(Rung(f"webp-{q}", "WebP", f"WebP quality {q}", _webp(q)) for q in (80, 40)),
    *(
        Rung(f"resize-{round(100 * f)}", "resize", f"resized to {f:.0%} of each side", _resize(f))
        for f in (0.75, 0.5, 0.25)
    ),
    *(Rung(f"blur-{s}", "blur", f"Gaussian blur, \u03c3 {s} px", _blur(s)) for s in (1, 2)),
    *(
        Rung(f"crop-{round(100 * s)}", "crop", f"centre {s:.0%} of each side", _crop(s))
        for s in (0.75, 0.5)
    ),
    Rung("screenshot", "sharing", "screenshot: screen size, warmer, JPEG quality 85", screenshot),
    Rung("jpeg-75-50", "sharing", "JPEG quality 75, moved 3 px, quality 50", double_jpeg),
)
# By name, in the order they are shown.
LADDER = {rung.name: rung for rung in _RUNGS}
# What is judged together: the images as found, then every rung.
COPIES = (Variant.CLEAN.value, *LADDER)


def make_copy(image: Image.Image, name: str, seed: int) -> Image.Image:
    """Return a copy of an upright RGB image: a rung of the ladder, or a variant.

    Parameters
    ----------
    image
        8-bit RGB.
    name
        A rung's or a variant's.
    seed
        For the random variants; draw it from the image's content.
    """
    rung = LADDER.get(name)
    return rung.make(image) if rung else degrade(image, Variant(name), seed)


def choose(images: Sequence[LabelledImage], per_group: int) -> list[int]:
    """Return the numbers of at most so many images of each class of each source, ascending.

    The choice is by the hash of the file's name: the same every time, on every machine, and
    of no order that a folder may have.
    """
    groups: dict[tuple[str, str], list[int]] = {}
    for number, image in enumerate(images):
        groups.setdefault((image.label.value, image.source), []).append(number)

    def key(number: int) -> tuple[str, str]:
        path = images[number].path
        return hashlib.sha256(path.name.encode("utf-8", "surrogateescape")).hexdigest(), str(path)

    return sorted(_first(groups.values(), per_group, key))


def _first(
    groups: Iterable[Sequence[int]], limit: int, key: Callable[[int], tuple[str, str]]
) -> Iterable[int]:
    for group in groups:
        yield from sorted(group, key=key)[:limit]
