"""Count what images claim of their origin, and what reading it costs.

python benchmarks/provenance.py DATA --out benchmarks/provenance.md

DATA is a folder of images below folders named ``ai`` and ``real``. The CPU time is one thread's,
of an image that has been unpacked, as in a decode worker.
"""

import argparse
import importlib.metadata
import io
import json
import platform
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from batch_inference.provenance.read import read_provenance
from batch_inference.provenance.watermark import MARKS, MAX_PIXELS, MIN_PIXELS, compare
from detector.manifest import IMAGE_SUFFIXES
from detector.preprocess import upright_rgb
from detector.provenance import Claim

CLASSES = ("ai", "real")
# Where Pillow keeps what a claim could stand in, beside a manifest.
METADATA = {"comment", "exif", "photoshop", "xmp"}
PACKAGES = ("c2pa-python", "numpy", "pillow")


def timed(work: Callable[[], object]) -> float:
    """Return the CPU milliseconds of a piece of work, the better of two."""
    taken = []
    for _ in range(2):
        start = time.process_time()
        work()
        taken.append((time.process_time() - start) * 1000)
    return min(taken)


def decode(data: bytes) -> Image.Image:
    """Unpack an image as the decoder does, upright and in RGB."""
    with Image.open(io.BytesIO(data)) as image:
        upright_rgb(image)
    return image


def table(head: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


class Tally:
    """What is counted of images, by class."""

    def __init__(self) -> None:
        self.images: Counter[str] = Counter()
        self.described: Counter[str] = Counter()
        self.claims: dict[str, Counter[str]] = defaultdict(Counter)
        self.fields: dict[str, Counter[str]] = defaultdict(Counter)
        self.wrong: dict[str, list[list[int]]] = defaultdict(list)
        self.costs: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def add(self, label: str, data: bytes) -> None:
        """Count one image file."""
        image = decode(data)
        found = read_provenance(data, image)
        self.images[label] += 1
        self.described[label] += bool(METADATA & set(image.info) or getattr(image, "text", {}))
        self.claims[label].update(claim.value for claim in found.claims)
        if found.detail and "tag" in (detail := json.loads(found.detail)):
            self.fields[label][detail["tag"]["field"]] += 1
        reading, decoding = (
            timed(lambda: read_provenance(data, image)),
            timed(lambda: decode(data)),
        )
        self.costs[str(image.format)].append((reading, decoding))
        width, height = (side // 8 * 8 for side in image.size)
        if MIN_PIXELS <= width * height <= MAX_PIXELS:
            # All of them, also those that the reader passes over: the question is chance.
            pixels = np.asarray(image.convert("RGB"))[:height, :width]
            self.wrong[label].append([wrong for _, wrong in compare(pixels)])

    def page(self) -> str:
        """Return the results in Markdown."""
        claims = [
            (f"`{claim}`", *(self.claims[label][claim] for label in CLASSES)) for claim in Claim
        ]
        totals: list[tuple[object, ...]] = [
            ("images", *(self.images[label] for label in CLASSES)),
            ("with EXIF, XMP, IIM, a comment or text", *(self.described[n] for n in CLASSES)),
        ]
        costs = [
            (
                kind,
                len(pairs),
                f"{statistics.median(reading for reading, _ in pairs):.2f}",
                f"{max(reading for reading, _ in pairs):.2f}",
                f"{statistics.median(decoding for _, decoding in pairs):.1f}",
                f"{sum(r for r, _ in pairs) / sum(d for _, d in pairs):.1%}",
            )
            for kind, pairs in sorted(self.costs.items())
        ]
        marks = [
            (
                mark.name + (", red and blue swapped" if mark.swapped else ""),
                len(mark.bits),
                mark.errors,
                *(min(row[number] for row in self.wrong[label]) for label in CLASSES),
            )
            for number, mark in enumerate(MARKS)
        ]
        looked = ", ".join(f"{len(self.wrong[label])} {label}" for label in CLASSES)
        fields = [
            (label, f"`{name}`", count)
            for label in CLASSES
            for name, count in self.fields[label].most_common()
        ]
        packages = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
        return "\n\n".join(
            (
                "# What labelled images claim, and what reading it costs",
                f"`python benchmarks/provenance.py DATA --out benchmarks/provenance.md`, "
                f"with {packages}, Python {platform.python_version()}, {platform.machine()}.",
                "## Claims",
                table(("claim", *CLASSES), [*totals, *claims]),
                *([table(("class", "field of a tag", "images"), fields)] if fields else []),
                "## Watermarks by chance",
                "The fewest bits in which any image differs from each message, over all images of "
                f"a size that a generator makes ({looked}), whether or not the reader would look "
                "at them. At random half the bits differ.",
                table(("message", "bits", "allowed", *CLASSES), marks),
                "## CPU milliseconds an image",
                table(
                    ("format", "images", "reading, median", "most", "decoding, median", "share"),
                    costs,
                ),
            )
        )


def main() -> None:
    """Count and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    tally = Tally()
    for path in sorted(arguments.data.rglob("*")):
        label = next((part for part in path.parts if part in CLASSES), None)
        if label and path.suffix.lower() in IMAGE_SUFFIXES:
            tally.add(label, path.read_bytes())
    arguments.out.write_text(tally.page() + "\n", "utf-8")


if __name__ == "__main__":
    main()
