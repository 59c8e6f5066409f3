"""Pictures made on the spot, and labelled folders of them."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from detector.evaluation import Label
from training.data.catalog import CatalogEntry
from training.data.found import Found
from training.data.pack import Packed, Packing, pack
from training.storage import LocalStorage


def picture(seed: int, size: tuple[int, int] = (80, 64)) -> Image.Image:
    """Make a picture like no other: its perceptual hash is far from theirs."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    return coarse.resize(size, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, format_: str = "PNG", **options: object) -> bytes:
    """Return a picture's file."""
    stream = io.BytesIO()
    image.save(stream, format_, **options)
    return stream.getvalue()


def png(seed: int) -> bytes:
    """Return the file of a picture."""
    return encoded(picture(seed))


def put(path: Path, data: bytes) -> Path:
    """Write a file, its folders with it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def labelled(root: Path, *, sources: int = 4, each: int = 3) -> Path:
    """Write ``real/camera-N`` and ``ai/maker-N`` with pictures that are all different."""
    for number in range(sources):
        for at in range(each):
            seed = 1000 * number + at
            put(root / "real" / f"place-{number}" / f"{at}.png", png(seed))
            put(root / "ai" / f"maker-{number}" / f"{at}.png", png(500 + seed))
    return root


def entry(number: int, label: Label, source: str, split: str = "", **more: object) -> CatalogEntry:
    """Make a catalog entry without an image."""
    fields: dict[str, object] = {
        "sha256": f"{number:064x}",
        "label": label,
        "source": source,
        "split": split,
        "format": "JPEG",
        "width": 640,
        "height": 480,
        "bytes": 50_000,
        "phash": f"{(number * 0x9E3779B97F4A7C15) % 2**64:016x}",
    }
    return CatalogEntry.model_validate(fields | more)


def packed_at(folder: Path, found: Found, packing: Packing | None = None) -> Packed:
    """Pack below ``folder/data``."""
    return pack(
        found, LocalStorage(folder / "data"), "set", scratch=folder / "scratch", packing=packing
    )
