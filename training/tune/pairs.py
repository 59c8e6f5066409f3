"""Pairs of a real image and the same image rebuilt by an autoencoder, alike in all else.

What a generator's decoder leaves is then the only difference between real and AI (Dual Data
Alignment, NeurIPS 2025; AlignedForensics, ICLR 2025). Both members have the same size, format and
compression tables, and both are compressed anew.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, JpegImagePlugin

from detector.preprocess import upright_rgb
from training.dataset import LabelledImage
from training.stages.context import StopFlag
from training.tune.order import Order
from training.tune.read import opened

# Larger images are cut to their middle: time and memory of the autoencoder grow with the area.
MAX_SIDE = 1024
# The autoencoder halves a side three times.
MULTIPLE = 8
# A JPEG's blocks, with halved colour, are this large; a cut between blocks adds no traces.
BLOCK = 16

Rebuild = Callable[[Image.Image], Image.Image]


@dataclass(frozen=True)
class PairFolder:
    """A folder with both members of each pair, by the real image's index."""

    root: Path

    def path(self, image: int, *, rebuilt: bool) -> Path:
        """Return where a member lies."""
        return self.root / f"{image}-{'rebuilt' if rebuilt else 'real'}"

    def put(self, image: int, source: Path, rebuild: Rebuild) -> None:
        """Write both members of an image's pair."""
        with opened(source) as image_file:
            options = _format_of(image_file)
            real = _cut(upright_rgb(image_file))
        for rebuilt in (False, True):
            copy = rebuild(real) if rebuilt else real
            copy.save(self.path(image, rebuilt=rebuilt), **options)


def _format_of(image: Image.Image) -> dict[str, Any]:
    """Return how to save an image as it was saved: its own JPEG tables, or without loss."""
    if not isinstance(image, JpegImagePlugin.JpegImageFile) or len(image.quantization) < 2:
        return {"format": "PNG", "compress_level": 1}
    sampling = JpegImagePlugin.get_sampling(image)
    return {"format": "JPEG", "qtables": image.quantization, "subsampling": sampling}


def _cut(image: Image.Image) -> Image.Image:
    box: list[int] = []
    for side in image.size:
        length = min(side, MAX_SIDE)
        length = max(MULTIPLE, length - length % MULTIPLE)
        start = max(0, side - length) // 2 // BLOCK * BLOCK
        box += [start, start + length]
    return image.crop((box[0], box[2], box[1], box[3]))


def write_pairs(
    folder: PairFolder,
    order: Order,
    positions: range,
    images: Sequence[LabelledImage],
    rebuild: Rebuild,
    stop: StopFlag,
    tell: Callable[[str], None],
) -> None:
    """Write every pair that is asked for at these positions of the order.

    Raises
    ------
    StoppedError
        If the stop flag is raised.
    """
    wanted = sorted({draw.image for p in positions if (draw := order[p]).paired})
    tell(f"Rebuilding {len(wanted)} real images by the autoencoder")
    for number in wanted:
        stop.check()
        folder.put(number, images[number].path, rebuild)
