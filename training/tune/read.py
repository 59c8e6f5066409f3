"""Images from files, with an error that names the file."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from detector.preprocess import upright_rgb
from training.dataset import DatasetError


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """Open a file's image; what goes wrong with it inside the context names the file.

    Raises
    ------
    DatasetError
        If it cannot be read.
    """
    try:
        with Image.open(io.BytesIO(path.read_bytes())) as image:
            yield image
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DatasetError(
            f"{path} cannot be read as an image ({error}); remove it from the data"
        ) from error


def read_upright(path: Path) -> Image.Image:
    """Return a file's image, upright RGB.

    Raises
    ------
    DatasetError
        If it cannot be read.
    """
    with opened(path) as image:
        return upright_rgb(image)
