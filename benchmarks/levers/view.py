"""Ways to look at an image: all of it made small, or a part of it as it is."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from detector.package import Preprocessing
from detector.preprocess import Pixels, preprocess

# Where the crop's middle lies, in shares of width and height.
Place = tuple[float, float]


@dataclass(frozen=True)
class View:
    """Pixels of an image, and how many a side where not as many as the encoder was trained with."""

    pixels: Callable[[Image.Image, Preprocessing], Pixels] = preprocess
    size: int | None = None


def mirrored(image: Image.Image, spec: Preprocessing) -> Pixels:
    """Return the product's own view with left and right changed over."""
    return np.ascontiguousarray(preprocess(image, spec)[:, ::-1])


def native(place: Place) -> Callable[[Image.Image, Preprocessing], Pixels]:
    """Return a view of ``spec.size`` pixels a side around a place, at the image's own resolution.

    Resizing wipes out the traces that a generator's last layers leave; a crop keeps them (Corvi et
    al. 2023, arXiv:2211.00680). An image that is smaller is enlarged, as by any other view.
    """

    def view(image: Image.Image, spec: Preprocessing) -> Pixels:
        left, top = (
            round(min(max(share * side - spec.size / 2, 0), max(side - spec.size, 0)))
            for share, side in zip(place, image.size, strict=True)
        )
        right, bottom = min(left + spec.size, image.width), min(top + spec.size, image.height)
        return preprocess(image.crop((left, top, right, bottom)), spec)

    return view


# By name: the product's own, crops of the middle and of the upper left, the whole less small.
VIEWS = {
    "resized": View(),
    "native": View(native((0.5, 0.5))),
    "native-corner": View(native((0.3, 0.3))),
    "mirrored": View(mirrored),
    "256": View(size=256),
    "336": View(size=336),
}
