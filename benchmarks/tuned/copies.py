"""The copies of an image that are learnt from and judged."""

from benchmarks.levers.feature import COPIES
from benchmarks.tuned.activation import Pixels, Views
from detector.package import Preprocessing
from training.dataset import LabelledImage
from training.features import content_of, read_pixels

__all__ = ["COPIES", "copies"]


def copies(spec: Preprocessing) -> Views:
    """Return a view of an image in each of the levers' copies, uint8 [4, size, size, 3]."""

    def view(image: LabelledImage) -> Pixels:
        data, seed = content_of(image)
        return read_pixels(data, COPIES, seed, spec)

    return view
