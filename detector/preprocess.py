"""From an open Pillow image to the pixels a detector sees, the same in training and scoring."""

import math
import struct
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image

from detector.package import Preprocessing
from detector.resize import RESIZERS, Resize

Pixels = npt.NDArray[np.uint8]
# Left, top, width and height of a part of an image, in shares of the whole.
Crop = tuple[float, float, float, float]


class Prepared(NamedTuple):
    """An image made ready: ``pixels`` for the graph, and ``whole``, all of it, RGB.

    ``whole`` is a smaller copy where the pixels came of one (its sides may be squeezed), or else
    the image itself; good for a thumbnail that costs no second pass over a large image.
    """

    pixels: Pixels
    whole: Image.Image


# A strip much longer than wide would grow to gigapixels when its short side is brought to size,
# only for the centre to be kept; beyond this aspect ratio only the centre is computed.
MAX_ASPECT = 8
INTERPOLATIONS = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
}
# Premultiplied alpha, which Pillow cannot turn to RGB directly.
STRAIGHT = {"RGBa": "RGBA", "La": "LA"}
PILLOW = RESIZERS["pillow"]
# How to turn an image by its EXIF orientation; 1 is upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# What Pillow raises on a damaged EXIF block.
_EXIF_DAMAGE = (
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    OSError,
    struct.error,
)


def _upright(image: Image.Image) -> Image.Image:
    """Return the image turned by its EXIF orientation; as stored, where that cannot be read.

    Raises
    ------
    OSError, SyntaxError, ValueError
        If the pixels are damaged, as Pillow tells it.
    """
    # First of all, so that damage to the pixels is not taken for damage to the EXIF block.
    image.load()
    try:
        turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except _EXIF_DAMAGE:
        return image
    return image if turn is None else image.transpose(turn)


def upright_rgb(image: Image.Image) -> Image.Image:
    """Return the first frame as 8-bit RGB, turned by its EXIF orientation.

    16-bit greys are scaled, not clipped; transparency is laid on white, since the colour hidden
    under it is arbitrary.
    """
    image = _upright(image)
    if image.mode in {"I;16", "I;16L", "I;16B", "I;16N", "I"}:
        wide = np.asarray(image).astype(np.float64)
        # "I" is what Pillow gives for some 16-bit files; take its range as 16-bit all the same.
        image = Image.fromarray(np.clip(wide / 257.0, 0, 255).round().astype(np.uint8))
    elif image.mode == "F":
        grey = np.nan_to_num(np.asarray(image, dtype=np.float64))
        scale = 255.0 if grey.max(initial=0.0) <= 1.0 else 1.0
        image = Image.fromarray(np.clip(grey * scale, 0, 255).round().astype(np.uint8))
    if image.mode in STRAIGHT:
        image = image.convert(STRAIGHT[image.mode])
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        backdrop = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(backdrop, image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _scaled(width: int, height: int, size: int) -> tuple[int, int]:
    """Return the size of an image whose short side is brought to ``size``."""
    short, long = min(width, height), max(width, height)
    scaled = max(size, int(size * long / short))
    return (size, scaled) if width <= height else (scaled, size)


def _is_strip(image: Image.Image) -> bool:
    return max(image.size) > MAX_ASPECT * min(image.size)


def _resized(image: Image.Image, size: int, resize: Resize) -> Image.Image:
    """Return the whole image, its short side brought to ``size``."""
    target = _scaled(*image.size, size)
    return image if image.size == target else resize(image, target, Image.Resampling.BICUBIC)


def resize_center_crop(image: Image.Image, size: int, resize: Resize = PILLOW) -> Image.Image:
    """Resize the short side to ``size`` (bicubic, antialiased), then crop the centre square.

    Follows CLIP's own preprocessing as transformers' ``CLIPImageProcessor`` computes it: the long
    side is truncated to an integer, the crop starts at half the excess, rounded down.
    """
    if _is_strip(image):
        return _resized_centre(image, _scaled(*image.size, size), size)
    return _centre(_resized(image, size, resize), size)


def native_crop(image: Image.Image, size: int, resize: Resize = PILLOW) -> Image.Image:
    """Crop the centre square at native resolution, where no resizing erases fine traces.

    An image whose short side is below ``size`` is enlarged first, as
    :func:`resize_center_crop` does it.
    """
    if min(image.size) < size:
        return resize_center_crop(image, size, resize)
    return _centre(image, size)


def resize_square(
    image: Image.Image, size: int, way: Image.Resampling, resize: Resize = PILLOW
) -> Image.Image:
    """Resize to a square whatever the shape, as transformers' ``SiglipImageProcessor`` does.

    Equal to it to the value with Pillow, and for tall strips to within two grey levels.
    """
    if image.size == (size, size):
        return image
    if not _is_strip(image):
        return resize(image, (size, size), way)
    # Whatever the resizer, since another could go down a wide strip first and hold gigapixels.
    # Pillow goes across first, which would widen each of a tall strip's rows, however many.
    if image.height > image.width and image.height > size:
        image = image.resize((image.width, size), way)
    return image.resize((size, size), way)


def _centre(image: Image.Image, size: int) -> Image.Image:
    """Return the centre square of an image no smaller than it."""
    left, top = (image.width - size) // 2, (image.height - size) // 2
    return image.crop((left, top, left + size, top + size))


def _resized_centre(image: Image.Image, target: tuple[int, int], size: int) -> Image.Image:
    """Return what resizing to ``target`` and cropping gives, to within two grey levels."""
    box: list[float] = []
    crop: list[int] = []
    for have, want in zip(image.size, target, strict=True):
        step = have / want
        start = (want - size) // 2 * step
        end = min(have, start + size * step)
        # Bicubic looks two steps, or two pixels, to either side.
        reach = 2 * max(1.0, step) + 1
        low, high = max(0, math.floor(start - reach)), min(have, math.ceil(end + reach))
        crop += [low, high]
        box += [start - low, end - low]
    image = image.crop((crop[0], crop[2], crop[1], crop[3]))
    # Across first, then down, as Pillow does it for the whole.
    across = (box[0], 0, box[1], image.height)
    image = image.resize((size, image.height), Image.Resampling.BICUBIC, across)
    down = (0, box[2], size, box[3])
    return image.resize((size, size), Image.Resampling.BICUBIC, down)


def _shaper(spec: Preprocessing) -> Callable[[Image.Image], Image.Image]:
    size, way, resize = spec.size, INTERPOLATIONS.get(spec.interpolation), _resizer(spec)
    if spec.kind == "resize_square" and way is not None:
        return lambda image: resize_square(image, size, way, resize)
    if spec.kind == "resize_center_crop" and way is Image.Resampling.BICUBIC:
        return lambda image: resize_center_crop(image, size, resize)
    if spec.kind == "native_crop" and way is Image.Resampling.BICUBIC:
        return lambda image: native_crop(image, size, resize)
    raise _unknown(f"{spec.kind}/{spec.interpolation}")


def _resizer(spec: Preprocessing) -> Resize:
    if spec.resizer not in RESIZERS:
        raise _unknown(f"by the resizer {spec.resizer}")
    return RESIZERS[spec.resizer]


def _unknown(what: str) -> ValueError:
    return ValueError(
        f"preprocessing {what} is not known to this version; "
        "deploy the version that built the detector"
    )


def preprocess(image: Image.Image, spec: Preprocessing) -> Pixels:
    """Return what the graph takes for one image.

    Parameters
    ----------
    image
        An open Pillow image of any mode.
    spec
        The detector's preprocessing.

    Returns
    -------
    uint8 array of shape [size, size, 3], RGB.

    Raises
    ------
    ValueError
        If the specification names a kind this version does not know.
    """
    shape = _shaper(spec)
    return np.asarray(shape(upright_rgb(image)), dtype=np.uint8)


def prepare(upright: Image.Image, spec: Preprocessing) -> Prepared:
    """Return what :func:`preprocess` does, and the whole image in as few pixels as came about.

    Parameters
    ----------
    upright
        As :func:`upright_rgb` gives it.
    spec
        The detector's preprocessing.

    Raises
    ------
    ValueError
        If the specification names a kind this version does not know.
    """
    shape = _shaper(spec)
    if spec.kind == "resize_center_crop" and not _is_strip(upright):
        whole = _resized(upright, spec.size, _resizer(spec))
        return Prepared(np.asarray(_centre(whole, spec.size), dtype=np.uint8), whole)
    shaped = shape(upright)
    whole = shaped if spec.kind == "resize_square" else upright
    return Prepared(np.asarray(shaped, dtype=np.uint8), whole)


def seen_part(width: int, height: int, spec: Preprocessing) -> Crop:
    """Return which part of an upright image of so many pixels reaches the graph."""
    short = min(width, height)
    if spec.kind == "resize_square":
        return 0.0, 0.0, 1.0, 1.0
    if spec.kind == "native_crop" and short >= spec.size:
        scaled = (width, height)
    else:
        scaled = _scaled(width, height, spec.size)
    x, y = ((side - spec.size) // 2 / side for side in scaled)
    return x, y, spec.size / scaled[0], spec.size / scaled[1]
