"""transformers' image-feature-extraction pipeline, and a head of scikit-learn on its features.

The head is fitted on a few of the photographs: what it says is of no interest here, its time is.
"""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression
from stopwatch import milliseconds, read_job, start, stop, tell
from transformers import pipeline

BATCH = 8


def decode(path: Path) -> Image.Image:
    """Return the image as RGB."""
    with Image.open(path) as image:
        return image.convert("RGB")


def main() -> None:
    """Score everything, and tell."""
    job = read_job()
    torch.set_num_threads(job.threads)
    extract = pipeline(
        "image-feature-extraction",
        model=str(job.models / "clip"),
        image_processor=str(job.models / "clip"),
        pool=True,
        return_tensors=True,
        device="cpu",
    )

    def features(paths: list[str]) -> np.ndarray:
        return torch.cat(list(extract(paths, batch_size=BATCH))).numpy()

    names = [str(path) for path in job.photographs]
    few = names[: len(job.warm_up)]
    head = LogisticRegression().fit(features(few), np.arange(len(few)) % 2)
    begun = start()
    chances = head.predict_proba(features(names))[:, 1]
    seconds = stop(begun)
    images = [decode(path) for path in job.sample]
    count = len(images)
    prepared = [extract.preprocess(image) for image in images]
    stacked = [
        {"pixel_values": torch.cat([x["pixel_values"] for x in prepared[first : first + BATCH]])}
        for first in range(0, count, BATCH)
    ]
    tell(
        images=len(chances),
        seconds=seconds,
        stages={
            "decode": milliseconds(lambda: [decode(path) for path in job.sample], count),
            "prepare": milliseconds(lambda: [extract.preprocess(one) for one in images], count),
            "infer": milliseconds(lambda: [extract.forward(one) for one in stacked], count),
        },
        packages=("transformers", "torch", "torchvision", "scikit-learn", "pillow"),
        settings=f"float32, batch_size={BATCH}, {job.threads} threads",
    )


main()
