"""A small picture of an image, for people: how it is made, and how it is stored.

Two halves. The decode worker makes small pixels of the upright image it has at hand anyway. The
scorer encodes those that are kept: so no file that a hostile image may have had a hand in is ever
stored or shown, and of a million images only the few that are kept cost an encoding.
"""

import io
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from detector.evidence import THUMBNAIL_SIDE
from detector.preprocess import Pixels

# Where there is only a large image: how much larger than the thumbnail it stays after averaging
# whole blocks of pixels. Resampling all of it would take ten times as long and look the same.
REDUCING_GAP = 1.5
QUALITY = 75
# Of 0 to 6. Slower ones save a tenth of the bytes for twice the time.
METHOD = 2
# Colour profiles of RGB images take 0.5 to 10 KB; those with tables, seldom, half a megabyte.
MAX_PROFILE = 1 << 20
# So many profiles' conversions are kept: building one takes 5 ms, and most files share a few.
PROFILES = 16

_Convert = Callable[[Image.Image], Image.Image | None]


def small_pixels(upright: Image.Image, whole: Image.Image, profile: bytes | None = None) -> Pixels:
    """Return an upright RGB image small, in sRGB.

    Parameters
    ----------
    upright
        As :func:`detector.preprocess.upright_rgb` gives it.
    whole
        All of it in fewer pixels, as :func:`detector.preprocess.prepare` gives it; or itself.
        From the one that the detector's pixels were cut from it takes 0.7 ms, whatever the size of
        the image; from an image of a megapixel 2 ms.
    profile
        The file's ICC profile; one that is not of RGB, or damaged, is ignored.

    Returns
    -------
    uint8 of shape [height, width, 3], the long side at most
    :data:`detector.evidence.THUMBNAIL_SIDE`; never larger than the image.
    """
    scale = min(1.0, THUMBNAIL_SIDE / max(upright.size))
    width, height = (max(1, round(side * scale)) for side in upright.size)
    enough = whole.width >= width and whole.height >= height
    source = whole if scale < 1 and enough else upright
    small = source
    if source.size != (width, height):
        small = source.resize((width, height), Image.Resampling.HAMMING, reducing_gap=REDUCING_GAP)
    if profile and len(profile) <= MAX_PROFILE:
        small = _in_srgb(small, profile)
    return np.asarray(small, dtype=np.uint8)


def encode_thumbnail(pixels: Pixels) -> bytes:
    """Return small pixels as a WebP file without metadata."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "WEBP", quality=QUALITY, method=METHOD)
    return stream.getvalue()


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        return _conversion(profile)(image) or image
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image


@lru_cache(PROFILES)
def _conversion(profile: bytes) -> _Convert:
    """Return what brings an RGB image of a profile to sRGB.

    Raises
    ------
    PIL.ImageCms.PyCMSError, OSError
        If the profile is damaged, or not one of RGB images.
    """
    theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    transform = ImageCms.buildTransform(theirs, ImageCms.createProfile("sRGB"), "RGB", "RGB")
    return lambda image: ImageCms.applyTransform(image, transform)
