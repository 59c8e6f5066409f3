"""A small dataset to try the pipeline on: real photographs, and stand-ins for generated images.

The stand-ins are crops of the same photographs, rebuilt by three simple methods that, like a
generator's decoder, lose some of what a camera records. Nothing about real generators follows from
a detector that tells them apart.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from detector.evaluation import Label
from training.data.manifest import MANIFEST

README = "README.txt"
LICENCE = "open; see scikit-image and scikit-learn"
SIDE = 160
PATCH = 8
# Of the 192 numbers of a patch of 8 x 8 pixels the rebuilding keeps so many.
COMPONENTS = 12
LEARNT_PATCHES = 4_000
MIN_DETAIL = 12.0

Pixels = npt.NDArray[np.uint8]
Rebuild = Callable[[Pixels], Pixels]

TEXT = """A sample to try the training pipeline on. It was made by `aidetect dataset sample`.

real/  crops of the open photographs that scikit-image and scikit-learn ship.
ai/    STAND-INS, not the work of real generators: the same crops, rebuilt here by simple methods
       (patches from few principal components; a smaller picture enlarged; a median filter).

Both classes have the same sizes, format and number of bytes. A source is a group of photographs, so
that a crop and its stand-in are always in the same split. A detector trained on this has learnt to
find these three methods and nothing else: do not use it on anything.
"""


def _components(crops: Sequence[Pixels]) -> Rebuild:
    """Rebuild patches from the few principal components of all patches."""
    rng = np.random.default_rng(0)
    patches = np.concatenate([_patches(crop) for crop in crops])
    some = patches[rng.choice(len(patches), min(LEARNT_PATCHES, len(patches)), replace=False)]
    mean = some.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov(some, rowvar=False))
    kept = axes[:, -COMPONENTS:].T

    def rebuild(crop: Pixels) -> Pixels:
        found = (_patches(crop) - mean) @ kept.T @ kept + mean
        rows = SIDE // PATCH
        blocks = found.reshape(rows, rows, PATCH, PATCH, 3).transpose(0, 2, 1, 3, 4)
        return np.asarray(np.clip(blocks.reshape(SIDE, SIDE, 3).round(), 0, 255), np.uint8)

    return rebuild


def _patches(crop: Pixels) -> npt.NDArray[np.float64]:
    rows = SIDE // PATCH
    blocks = crop.reshape(rows, PATCH, rows, PATCH, 3).transpose(0, 2, 1, 3, 4)
    return blocks.reshape(rows * rows, PATCH * PATCH * 3).astype(np.float64)


def _enlarged(crop: Pixels) -> Pixels:
    image = Image.fromarray(crop)
    small = image.resize((SIDE // 4, SIDE // 4), Image.Resampling.LANCZOS)
    return np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def _median(crop: Pixels) -> Pixels:
    return np.asarray(Image.fromarray(crop).filter(ImageFilter.MedianFilter(7)))


def _crops(
    photographs: Sequence[Image.Image], count: int, rng: np.random.Generator
) -> Iterator[Pixels]:
    """Cut pieces at different places and scales; plain sky or wall is passed over."""
    made, tries = 0, 0
    while made < count:
        image = photographs[made % len(photographs)]
        largest = min(image.size)
        side = int(rng.integers(min(SIDE, largest), max(SIDE, int(largest * 0.8)) + 1))
        left = int(rng.integers(0, image.width - side + 1))
        top = int(rng.integers(0, image.height - side + 1))
        piece = image.crop((left, top, left + side, top + side))
        crop = np.asarray(piece.resize((SIDE, SIDE), Image.Resampling.LANCZOS))
        tries += 1
        if crop.std() >= MIN_DETAIL or tries > 20 * count:
            made += 1
            yield crop


def write_sample(
    folder: Path, photographs: Sequence[Path], *, images: int = 240, sources: int = 4, seed: int = 0
) -> int:
    """Write a labelled folder with ``manifest.csv`` and a README that says what it is.

    Parameters
    ----------
    folder
        Where to; made if need be.
    photographs
        Real photographs, at least as many as sources.
    images
        About how many images in all, half of each class.
    sources
        Groups that the photographs are put into; each is a source of both classes.
    seed
        The same seed makes the same files.

    Returns
    -------
    The number of images written.

    Raises
    ------
    ValueError
        If there are fewer photographs than sources.
    """
    if len(photographs) < sources:
        raise ValueError(f"{len(photographs)} photographs cannot be {sources} sources")
    rows: list[dict[str, str]] = []
    each = max(1, images // (2 * sources))
    for number in range(sources):
        paths = sorted(photographs)[number::sources]
        opened = []
        for path in paths:
            with Image.open(path) as image:
                opened.append(image.convert("RGB"))
        source = "-".join(path.stem.replace("_", "-") for path in paths)
        crops = list(_crops(opened, each, np.random.default_rng([seed, number])))
        makers = {"patch-components": _components(crops), "enlarged": _enlarged, "median": _median}
        for at, crop in enumerate(crops):
            maker = sorted(makers)[at % len(makers)]
            for label, pixels in ((Label.REAL, crop), (Label.AI, makers[maker](crop))):
                name = f"{label.value}/{source}/{at:03d}.png"
                _write(folder / name, pixels)
                generator = f"{maker} (stand-in)" if label is Label.AI else ""
                rows.append(
                    {"path": name, "label": label.value, "source": source, "split": "",
                     "generator": generator, "licence": LICENCE}
                )  # fmt: skip
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    (folder / MANIFEST).write_text(text.getvalue(), encoding="utf-8")
    (folder / README).write_text(TEXT, encoding="utf-8")
    return len(rows)


def _write(path: Path, pixels: Pixels) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Uncompressed: how well it compresses would tell the classes apart without a look at it.
    Image.fromarray(pixels).save(path, "PNG", compress_level=0)
