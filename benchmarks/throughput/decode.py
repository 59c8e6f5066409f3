"""Measure what one machine decodes: the job's workers, by either resizer, and bare Pillow.

python -m benchmarks.throughput.decode [--images 192] [--rounds 5] [--out benchmarks/decode.json]

On a machine with a GPU decoding binds, so this is what a million images cost there. Files come from
memory; the contenders take turns on all processors. The job's workers isolate, bound and hash every
file, read its provenance and make its thumbnail; bare Pillow, in a pool of processes, only opens,
resizes and crops.
"""

import argparse
import io
import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np
from PIL import Image

from batch_inference.cpus import available_cpus
from batch_inference.decoder import Decoder
from batch_inference.settings import Settings
from benchmarks.machine import machine
from benchmarks.throughput.photograph import files_in, mix_of, write
from detector.cache import cache_home
from detector.package import Preprocessing
from detector.plan import Limits
from detector.preprocess import Pixels, resize_center_crop

SIZE = 224
PACKAGES = ("cykooz-resizer", "numpy", "pillow")
# Decodes all files; raises where one has no pixels.
Decode = Callable[[Sequence[bytes]], None]


@contextmanager
def workers(resizer: str) -> Iterator[Decode]:
    """Yield the job's own decode workers."""
    spec, settings = Preprocessing(size=SIZE, resizer=resizer), Settings()

    def decode(files: Sequence[bytes]) -> None:
        for outcome in threads.map(decoder.decode, files):
            if outcome.pixels is None:
                raise SystemExit(f"not decoded: {outcome.error}")

    with (
        Decoder(spec, Limits(), settings, thumbnails=True) as decoder,
        ThreadPoolExecutor(settings.decoders) as threads,
    ):
        yield decode


def bare(data: bytes) -> Pixels:
    """Decode one file as a user's own loop would, with no care."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(resize_center_crop(image.convert("RGB"), SIZE))


@contextmanager
def pool() -> Iterator[Decode]:
    """Yield a pool of bare processes."""

    def decode(files: Sequence[bytes]) -> None:
        processes.map(bare, files, chunksize=4)

    with multiprocessing.get_context("spawn").Pool(available_cpus()) as processes:
        yield decode


CONTENDERS = {
    "decode workers, simd": lambda: workers("simd"),
    "decode workers, pillow": lambda: workers("pillow"),
    "bare Pillow in a pool of processes": pool,
}


def rate(decode: Decode, files: Sequence[bytes]) -> float:
    """Return the images a second, the start of the processes left out."""
    begun = time.perf_counter()
    decode(files)
    return len(files) / (time.perf_counter() - begun)


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.throughput.decode", description=__doc__
    )
    parser.add_argument("--images", type=int, default=192)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/decode.json"))
    arguments = parser.parse_args()
    paths = files_in(write(arguments.images, cache_home()))
    mixes = {"all": paths, "JPEG": [path for path in paths if path.suffix == ".jpg"]}
    found: dict[str, dict[str, list[float]]] = {mix: {} for mix in mixes}
    for number in range(arguments.rounds):
        for name, contender in CONTENDERS.items():
            with contender() as decode:
                for mix, chosen in mixes.items():
                    files = [path.read_bytes() for path in chosen]
                    decode(files[:8])
                    found[mix].setdefault(name, []).append(round(rate(decode, files), 1))
            print(f"round {number}: {name}", file=sys.stderr, flush=True)
    result = {
        "machine": machine(),
        "versions": {name: version(name) for name in PACKAGES},
        "command": "python -m benchmarks.throughput.decode",
        "photographs": {mix: asdict(mix_of(chosen)) for mix, chosen in mixes.items()},
        "images_a_second": found,
        "median": {
            mix: {name: statistics.median(rates) for name, rates in by.items()}
            for mix, by in found.items()
        },
    }
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["median"], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
