"""What neighbouring pixels say of how an image was made, without any encoder.

Residuals of upsampling (NPR, Tan et al., CVPR 2024), co-occurrences of high-pass residuals
(Fridrich and Kodovsky 2012) and the spectrum by frequency (Durall et al., CVPR 2020).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.levers.feature import COPIES
from detector.package import Preprocessing
from detector.preprocess import Pixels
from training.dataset import LabelledImage
from training.degrade import Variant, recompress
from training.features import FeatureStore, Progress, extract
from training.vision import Array

SIDE = 320
# Every copy, the clean one too, ends in the same compression: the file's own cannot be read off.
QUALITY = 85
EDGE, STEP = 2, 2.0
BANDS = 40
# Raised when the statistics change: kept ones are then not found.
EDITION = "statistics-1"


def middle(image: Image.Image, spec: Preprocessing) -> Pixels:
    """Return the middle at native resolution, uint8 [SIDE, SIDE, 3], mirrored where it is small."""
    side = spec.size
    pixels = np.asarray(recompress(image, "JPEG", QUALITY))
    for axis in (0, 1):
        start = max(0, pixels.shape[axis] - side) // 2
        pixels = pixels.take(range(start, min(start + side, pixels.shape[axis])), axis=axis)
    lacking = [side - length for length in pixels.shape[:2]]
    widths = [(need // 2, need - need // 2) for need in lacking]
    return np.pad(pixels, [*widths, (0, 0)], mode="symmetric")


def _moments(values: Array) -> list[float]:
    size = np.abs(values)
    spread = float(values.std()) + 1e-3
    return [
        float(np.log(size.mean() + 1e-3)),
        float(np.log(spread)),
        float((((values - values.mean()) / spread) ** 4).mean() ** 0.5),
        float((size < 0.5).mean()),
    ]


def _upsampling(plane: Array) -> list[float]:
    """Return how the pixels of a cell of 2 by 2 differ from its first, in both phases."""
    found: list[float] = []
    for phase in (0, 1):
        cells = plane[phase : phase + SIDE - 2, phase : phase + SIDE - 2]
        first = cells[::2, ::2]
        for row, column in ((0, 1), (1, 0), (1, 1)):
            found += _moments(cells[row::2, column::2] - first)
    return found


def _pairs(residual: Array) -> list[float]:
    """Return how often residuals stand side by side, quantised; a residual and its negative count
    as one."""
    levels = np.clip(np.rint(residual / STEP), -EDGE, EDGE).astype(np.int64) + EDGE
    count = 2 * EDGE + 1
    found: list[float] = []
    for left, right in ((levels[:, :-1], levels[:, 1:]), (levels[:-1], levels[1:])):
        table = np.bincount((left * count + right).ravel(), minlength=count**2)
        share = table / table.sum()
        both = np.sqrt((share + share[::-1]) / 2)
        found += both[: count**2 // 2 + 1].tolist()
    return found


def _spectrum(plane: Array) -> list[float]:
    window = np.hanning(SIDE)
    power = np.abs(np.fft.rfft2((plane - plane.mean()) * window[:, None] * window[None])) ** 2
    rows, columns = np.fft.fftfreq(SIDE), np.fft.rfftfreq(SIDE)
    distance = np.hypot(rows[:, None], columns[None])
    band = np.minimum((distance / 0.5 * BANDS).astype(np.int64), BANDS)
    total = np.bincount(band.ravel(), power.ravel(), BANDS + 1)
    mean = np.log(total / np.bincount(band.ravel(), minlength=BANDS + 1) + 1e-3)
    # How steep, not how bright.
    return (mean - mean[: BANDS // 4].mean()).tolist()  # type: ignore[no-any-return]


def statistics_of(pixels: Pixels) -> Array:
    """Return the statistics, float32 [D], of pixels uint8 [SIDE, SIDE, 3]."""
    planes = np.asarray(Image.fromarray(pixels).convert("YCbCr"), np.float32)
    found: list[float] = []
    for number in range(3):
        plane = planes[..., number]
        found += _upsampling(plane) + _spectrum(plane)
        across = 2 * plane[:, 1:-1] - plane[:, :-2] - plane[:, 2:]
        down = 2 * plane[1:-1] - plane[:-2] - plane[2:]
        cross = plane[1:, 1:] - plane[1:, :-1] - plane[:-1, 1:] + plane[:-1, :-1]
        for residual in (across, down, cross):
            found += _pairs(residual)
    return np.array(found, np.float32)


class Statistics:
    """Stands where a graph stands for :func:`training.features.extract`."""

    def run(self, output_names: Sequence[str], input_feed: dict[str, Any]) -> Sequence[Array]:
        """Return the statistics of each image, float32 [N, 1, D]."""
        rows = [statistics_of(pixels)[None] for pixels in input_feed["pixels"]]
        return [np.stack(rows)] * len(output_names)


def statistics(
    images: Sequence[LabelledImage], folder: Path, progress: Progress
) -> dict[Variant, Array]:
    """Return the statistics of every image's copies, float32 [N, 1, D] by copy."""
    spec = Preprocessing(kind="native_crop", size=SIDE)
    return extract(
        images,
        COPIES,
        session=Statistics,
        store=FeatureStore(folder, EDITION, (1,), spec),
        spec=spec,
        view=middle,
        progress=progress,
    )
