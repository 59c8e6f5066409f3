"""A loop as one writes it first: open with Pillow, resize, stack, run; our graph and its pixels."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image
from stopwatch import milliseconds, read_job, start, stop, tell

SIDE = 224
BATCH = 8


def pixels(path: Path) -> np.ndarray:
    """Return uint8 [224, 224, 3]: short side to 224, bicubic, and the centre."""
    return prepare(decode(path))


def decode(path: Path) -> Image.Image:
    """Return the image as RGB."""
    with Image.open(path) as image:
        return image.convert("RGB")


def prepare(image: Image.Image) -> np.ndarray:
    """Return what the graph takes."""
    scale = SIDE / min(image.size)
    size = [max(SIDE, int(side * scale)) for side in image.size]
    image = image.resize(size, Image.Resampling.BICUBIC)
    left, top = (size[0] - SIDE) // 2, (size[1] - SIDE) // 2
    return np.asarray(image.crop((left, top, left + SIDE, top + SIDE)))


def batches(paths: list[Path]) -> Iterator[list[Path]]:
    """Yield runs of paths."""
    for first in range(0, len(paths), BATCH):
        yield paths[first : first + BATCH]


def main() -> None:
    """Score everything, and tell."""
    job = read_job()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = job.threads
    session = onnxruntime.InferenceSession(
        job.models / "model.int8.onnx", options, providers=["CPUExecutionProvider"]
    )

    def run(stacked: np.ndarray) -> list[float]:
        return session.run(["logit"], {"pixels": stacked})[0].tolist()

    run(np.stack([pixels(path) for path in job.warm_up]))
    logits: list[float] = []
    begun = start()
    for batch in batches(job.photographs):
        logits += run(np.stack([pixels(path) for path in batch]))
    seconds = stop(begun)
    count = len(job.sample)
    images = [decode(path) for path in job.sample]
    stacked = [np.stack([pixels(p) for p in batch]) for batch in batches(job.sample)]
    tell(
        images=len(logits),
        seconds=seconds,
        stages={
            "decode": milliseconds(lambda: [decode(path) for path in job.sample], count),
            "prepare": milliseconds(lambda: [prepare(image) for image in images], count),
            "infer": milliseconds(lambda: [run(one) for one in stacked], count),
        },
        packages=("onnxruntime", "pillow", "numpy"),
        settings=f"our int8 graph, batches of {BATCH}, {job.threads} threads",
    )


main()
