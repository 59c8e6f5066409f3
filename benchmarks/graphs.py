"""Compare the embedded detector's graphs: time, verdict agreement, independence of the batch.

python benchmarks/graphs.py FOLDER... --out benchmarks/detection/graphs.json
"""

import argparse
import importlib.metadata
import json
import platform
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from PIL import Image

from detector.manifest import IMAGE_SUFFIXES
from detector.package import DetectorPackage, Graph, check_file, load_package
from detector.preprocess import preprocess
from training import embedded

BATCH = 8


def read(folders: list[Path], package: DetectorPackage, limit: int) -> npt.NDArray[np.uint8]:
    """Return the pixels of the folders' images, at most ``limit``, evenly spread."""
    paths = sorted(p for f in folders for p in f.rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES)
    paths = paths[:: max(1, len(paths) // limit)][:limit]
    pixels = []
    for path in paths:
        with Image.open(path) as image:
            pixels.append(preprocess(image, package.preprocessing))
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


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--limit", type=int, default=400)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    folder = embedded.build()
    package = load_package(folder)
    pixels = read(arguments.folders, package, arguments.limit)
    result: dict[str, object] = {
        "detector": f"{package.name}@{package.version}",
        "images": len(pixels),
        "machine": f"{platform.machine()}, one thread",
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
            "cpu_ms_per_image": round(milliseconds, 1),
            "megabytes": round(path.stat().st_size / 1e6, 1),
            "largest_logit_difference_alone_or_in_batch": float(
                np.abs(np.array(alone) - np.array(logits[graph][:32])).max()
            ),
        }
    chances = {
        g: np.array([package.calibration.probability(x) for x in found])
        for g, found in logits.items()
    }
    verdicts = {g: [package.decision.verdict(p) for p in c.tolist()] for g, c in chances.items()}
    same = [a is b for a, b in zip(verdicts[Graph.FP32], verdicts[Graph.INT8], strict=True)]
    result["verdict_agreement"] = round(sum(same) / len(same), 5)
    gap = np.abs(chances[Graph.FP32] - chances[Graph.INT8])
    result["largest_probability_difference"] = float(gap.max())
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
