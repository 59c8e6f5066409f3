"""Random crops at native resolution: resizing wipes out the traces that a generator leaves."""

from PIL import Image

from detector.preprocess import MAX_ASPECT


def random_crop(image: Image.Image, size: int, across: float, down: float) -> Image.Image:
    """Return a square of an upright RGB image, pixel for pixel.

    Parameters
    ----------
    image
        Enlarged first where a side is shorter than ``size``.
    size
        Side of the square.
    across, down
        Where to take it, each in [0, 1): 0 is the left or upper edge, 1 the other.
    """
    short, long = min(image.size), max(image.size)
    if short < size:
        # A strip would grow without bound; only a part of its length can be in the crop.
        if long > MAX_ASPECT * short:
            keep = MAX_ASPECT * short
            x = int((image.width - min(image.width, keep)) * across)
            y = int((image.height - min(image.height, keep)) * down)
            box = (x, y, x + min(image.width, keep), y + min(image.height, keep))
            image = image.crop(box)
        factor = size / min(image.size)
        target = tuple(max(size, round(side * factor)) for side in image.size)
        image = image.resize((target[0], target[1]), Image.Resampling.BICUBIC)
    left = int((image.width - size + 1) * across)
    top = int((image.height - size + 1) * down)
    return image.crop((left, top, left + size, top + size))
