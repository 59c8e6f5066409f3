"""Compare the embedded detector's graphs: time, AUC, verdicts, independence of the batch.

python -m benchmarks.graphs DATA --out benchmarks/detection/graphs.json

The detector learnt from most of the images, so that its AUC here says nothing of it; what counts is
the difference between the graphs.
"""

import argparse
import importlib.metadata
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from PIL import Image
from sklearn.metrics import roc_auc_score

from benchmarks.agreement import agreement
from benchmarks.machine import machine
from detector.package import Graph, Preprocessing, check_file, load_package
from detector.preprocess import preprocess
from training import embedded
from training.dataset import LabelledImage, load_dataset
from training.ladder import choose

BATCH = 8


def read(paths: Sequence[Path], spec: Preprocessing) -> npt.NDArray[np.uint8]:
    """Return the pixels of images, uint8 [N, size, size, 3]."""
    pixels = []
    for path in paths:
        with Image.open(path) as opened:
            pixels.append(preprocess(opened, spec))
    return np.stack(pixels)


def score(
    session: ort.InferenceSession, pixels: npt.NDArray[np.uint8], batch: int
) -> tuple[list[float], float]:
    """Return the logits and the CPU milliseconds an image."""
    logits: list[float] = []
    start = time.process_time()
    for first in range(0, len(pixels), batch):
        (found,) = session.run(["logit"], {"pixels": pixels[first : first + batch]})
        logits += np.asarray(found).tolist()
    return logits, (time.process_time() - start) * 1000 / len(pixels)


def read_options(program: str, about: str | None) -> argparse.Namespace:
    """Read the command line: ``data``, ``per_group``, ``out``."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=about)
    parser.add_argument("data", type=Path, help="labelled images: docs/datasets.md")
    parser.add_argument(
        "--per-group", type=int, default=24, help="images of each class of each source"
    )
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def some_of(data: Path, per_group: int) -> list[LabelledImage]:
    """Return so many images of each class of each source."""
    known = load_dataset(data).images
    return [known[i] for i in choose(known, per_group)]


def main() -> None:
    """Measure and write."""
    arguments = read_options("benchmarks.graphs", __doc__)
    folder = embedded.build()
    package = load_package(folder)
    images = some_of(arguments.data, arguments.per_group)
    target = [image.target for image in images]
    pixels = read([image.path for image in images], package.preprocessing)
    result: dict[str, object] = {
        "detector": f"{package.name}@{package.version}",
        "images": len(pixels),
        "command": "python -m benchmarks.graphs DATA "
        f"--per-group {arguments.per_group} --out {arguments.out}",
        "machine": machine(),
        "threads": 1,
        "onnxruntime": importlib.metadata.version("onnxruntime"),
    }
    logits: dict[Graph, list[float]] = {}
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    for graph in (Graph.FP32, Graph.INT8):
        path = check_file(folder, package.graph(graph))
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        score(session, pixels[:BATCH], BATCH)
        logits[graph], milliseconds = score(session, pixels, BATCH)
        alone, _ = score(session, pixels[:32], 1)
        result[graph.value] = {
            "auc": round(float(roc_auc_score(target, logits[graph])), 5),
            "cpu_ms_per_image": round(milliseconds, 1),
            "megabytes": round(path.stat().st_size / 1e6, 1),
            "largest_logit_difference_alone_or_in_batch": float(
                np.abs(np.array(alone) - np.array(logits[graph][:32])).max()
            ),
        }
    result |= agreement(package, logits[Graph.FP32], logits[Graph.INT8])
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
