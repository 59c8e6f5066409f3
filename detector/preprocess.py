"""From an open Pillow image to the pixels a detector sees: the same code in training and scoring."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from detector.package import Preprocessing

Pixels = npt.NDArray[np.uint8]

# A strip much longer than wide would grow to gigapixels when its short side is brought to size,
# only for the centre to be kept; beyond this aspect ratio it is cropped to it first.
MAX_ASPECT = 8


def upright_rgb(image: Image.Image) -> Image.Image:
    """Return the first frame as 8-bit RGB, turned by its EXIF orientation.

    16-bit greys are scaled, not clipped; transparency is laid on white, since the colour hidden
    under it is arbitrary.
    """
    image = ImageOps.exif_transpose(image)
    if image.mode in {"I;16", "I;16L", "I;16B", "I;16N", "I"}:
        wide = np.asarray(image).astype(np.float64)
        # "I" is what Pillow gives for some 16-bit files; take its range as 16-bit all the same.
        image = Image.fromarray(np.clip(wide / 257.0, 0, 255).round().astype(np.uint8))
    elif image.mode == "F":
        grey = np.nan_to_num(np.asarray(image, dtype=np.float64))
        scale = 255.0 if grey.max(initial=0.0) <= 1.0 else 1.0
        image = Image.fromarray(np.clip(grey * scale, 0, 255).round().astype(np.uint8))
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        backdrop = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(backdrop, image)
    return image if image.mode == "RGB" else image.convert("RGB")


def resize_center_crop(image: Image.Image, size: int) -> Image.Image:
    """Resize the short side to ``size`` (bicubic, antialiased), then crop the centre square.

    Follows CLIP's own preprocessing as transformers' ``CLIPImageProcessor`` computes it: the long
    side is truncated to an integer, the crop starts at half the excess, rounded down.
    """
    image = _crop_strip(image)
    width, height = image.size
    short, long = min(width, height), max(width, height)
    scaled = max(size, int(size * long / short))
    target = (size, scaled) if width <= height else (scaled, size)
    if image.size != target:
        image = image.resize(target, Image.Resampling.BICUBIC)
    left, top = (target[0] - size) // 2, (target[1] - size) // 2
    return image.crop((left, top, left + size, top + size))


def _crop_strip(image: Image.Image) -> Image.Image:
    width, height = image.size
    limit = MAX_ASPECT * min(width, height)
    if max(width, height) <= limit:
        return image
    left, top = max(0, (width - limit) // 2), max(0, (height - limit) // 2)
    return image.crop((left, top, left + min(width, limit), top + min(height, limit)))


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
    if spec.kind != "resize_center_crop" or spec.interpolation != "bicubic":
        raise ValueError(
            f"preprocessing {spec.kind}/{spec.interpolation} is not known to this version; "
            "deploy the version that built the detector"
        )
    return np.asarray(resize_center_crop(upright_rgb(image), spec.size), dtype=np.uint8)
