"""sahu65, which scores single images only: one image's bytes at a time.

Two callers at once, one thread each, keep both processors busy: the inference and most of Pillow
leave Python's lock. With ``as-it-comes``: one call after the other, and its own settings.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stopwatch import milliseconds, read_job, start, stop, tell

JOB = read_job()
AS_IT_COMES = "as-it-comes" in sys.argv
CALLERS = 1 if AS_IT_COMES else JOB.threads
if not AS_IT_COMES:
    # Before the package reads its settings; by itself it takes eight, whatever the machine has.
    os.environ["ORT_INTRA_THREADS"] = "1"

import sahu65  # noqa: E402
from sahu65.services.preprocess import decode_image, preprocess_for_clip  # noqa: E402


def main() -> None:
    """Score everything, and tell."""
    detector = sahu65.warm()

    def score(path: Path) -> float:
        return detector.detect_bytes(path.read_bytes()).ai_probability

    for path in JOB.warm_up:
        score(path)
    begun = start()
    with ThreadPoolExecutor(CALLERS) as callers:
        found = list(callers.map(score, JOB.photographs))
    seconds = stop(begun)
    files = [path.read_bytes() for path in JOB.sample]
    images = [decode_image(data)[0] for data in files]
    tensors = [preprocess_for_clip(image) for image in images]
    service = detector._ensure()
    count = len(files)
    tell(
        images=len(found),
        seconds=seconds,
        stages={
            "decode": milliseconds(lambda: [decode_image(data) for data in files], count),
            "prepare": milliseconds(lambda: [preprocess_for_clip(one) for one in images], count),
            "infer": milliseconds(lambda: [service.predict(x) for x in tensors], count),
        },
        packages=("sahu65", "onnxruntime", "pillow", "numpy"),
        settings="one caller, ORT_INTRA_THREADS=8, its default"
        if AS_IT_COMES
        else f"{CALLERS} callers at once, ORT_INTRA_THREADS=1",
    )


main()
