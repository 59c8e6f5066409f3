"""Measure the embedded detector's heat map: what it costs, and whether it tells the truth.

python -m benchmarks.heat FOLDER... --keep /tmp/heat.jsonl --out benchmarks/heat.json

Cost: the same graph with and without the map, in turns, CPU time of one thread.

Truth, by deletion: the fifth of an image's patches that pushed its logit the way it went is
blurred, or painted in the image's mean colour; how far does the logit come back? Held against a
fifth drawn at random, against the fifth that pushed the other way, and against the fifth that
matters most when blocks of 2 by 2 patches are blurred one after the other, which takes 49 forward
passes and is as near to the truth as patches come. A run that is stopped goes on where it was.
"""

import argparse
import hashlib
import importlib.metadata
import json
import platform
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from PIL import Image, ImageFilter
from scipy.stats import spearmanr

from detector.manifest import IMAGE_SUFFIXES
from detector.package import DetectorPackage, Graph, check_file, load_package
from detector.preprocess import Pixels, preprocess
from training import embedded

SHARE = 0.2
BLUR_RADIUS = 12
RANDOM_DRAWS = 2
BLOCK = 2
BATCH = 8
TURNS = 24
BOOTSTRAP = 2000

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


def session_of(model: bytes | str, threads: int) -> ort.InferenceSession:
    """Open a graph."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def logits_of(session: ort.InferenceSession, pixels: list[Pixels]) -> Floats:
    """Return the logits of images."""
    parts = [
        session.run(["logit"], {"pixels": np.stack(pixels[start : start + BATCH])})[0]
        for start in range(0, len(pixels), BATCH)
    ]
    return np.concatenate(parts)


def blurred(pixels: Pixels) -> Pixels:
    """Return an image without its fine content."""
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(BLUR_RADIUS)))


def painted(pixels: Pixels) -> Pixels:
    """Return an image's mean colour in its size."""
    colour = np.rint(pixels.reshape(-1, 3).mean(axis=0)).astype(np.uint8)
    return np.broadcast_to(colour, pixels.shape)


def replaced(pixels: Pixels, by: Pixels, mask: Mask) -> Pixels:
    """Return an image whose patches in ``mask`` [side, side] are another's."""
    patch = len(pixels) // len(mask)
    where = np.kron(mask, np.ones((patch, patch), bool))[..., None]
    return np.where(where, by, pixels)


def highest(values: npt.NDArray[Any]) -> Mask:
    """Choose the fifth of the patches with the highest values."""
    chosen = np.zeros(values.size, bool)
    chosen[np.argsort(-values.ravel(), kind="stable")[: round(values.size * SHARE)]] = True
    return chosen.reshape(values.shape)


def in_blocks(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Sum a map over blocks of patches."""
    count = len(values) // BLOCK
    cut = values[: count * BLOCK, : count * BLOCK]
    return cut.reshape(count, BLOCK, count, BLOCK).sum(axis=(1, 3))


def occlusion(session: ort.InferenceSession, pixels: Pixels, by: Pixels, side: int) -> Floats:
    """Return by how much the logit falls when a block is replaced, for each block."""
    count = side // BLOCK
    images = [pixels]
    for block in range(count**2):
        mask = np.zeros((count, count), bool)
        mask.flat[block] = True
        spread = np.zeros((side, side), bool)
        spread[: count * BLOCK, : count * BLOCK] = np.kron(mask, np.ones((BLOCK, BLOCK), bool))
        images.append(replaced(pixels, by, spread))
    logits = logits_of(session, images)
    return (logits[0] - logits[1:]).reshape(count, count)


def fills_of(pixels: Pixels) -> dict[str, Pixels]:
    """Return what stands for an image where it is taken away."""
    return {"blur": blurred(pixels), "mean_colour": painted(pixels)}


def drops(
    session: ort.InferenceSession, pixels: Pixels, logit: float, masks: list[tuple[str, Mask]]
) -> dict[str, dict[str, float]]:
    """Return by how much the logit comes back, by fill and mask; masks of one name are averaged."""
    found: dict[str, dict[str, float]] = {}
    for fill, by in fills_of(pixels).items():
        after = logits_of(session, [replaced(pixels, by, mask) for _name, mask in masks])
        back: dict[str, list[float]] = {}
        for (name, _mask), value in zip(masks, after.tolist(), strict=True):
            back.setdefault(name, []).append((logit - value) * np.sign(logit))
        found[fill] = {name: statistics.fmean(values) for name, values in back.items()}
    return found


def deletion(session: ort.InferenceSession, pixels: Pixels, seed: int) -> dict[str, Any]:
    """Return what taking away says of one image's map."""
    logit, heat = (v[0] for v in session.run(["logit", "heat"], {"pixels": pixels[None]}))
    way, rng = np.sign(logit), np.random.default_rng(seed)
    masks = [
        ("heat", highest(way * heat)),
        ("heat_other_way", highest(-way * heat)),
        *(("random", highest(rng.random(heat.shape))) for _ in range(RANDOM_DRAWS)),
    ]
    return {
        "logit": float(logit),
        "spread": float(heat.std()),
        "drops": drops(session, pixels, float(logit), masks),
    }


def occluded(session: ort.InferenceSession, pixels: Pixels) -> dict[str, Any]:
    """Return what block after block, blurred, says of one image, and how the map agrees."""
    logit, heat = (v[0] for v in session.run(["logit", "heat"], {"pixels": pixels[None]}))
    truth = occlusion(session, pixels, blurred(pixels), len(heat))
    spread = np.kron(truth, np.ones((BLOCK, BLOCK)))
    spread = np.pad(spread, (0, len(heat) - len(spread)), constant_values=0)
    masks = [("occlusion", highest(np.sign(logit) * spread))]
    return {
        "maps": {"heat": heat.ravel().tolist(), "occlusion": truth.ravel().tolist()},
        "spearman": float(spearmanr(in_blocks(heat).ravel(), truth.ravel()).statistic),
        "drops": drops(session, pixels, float(logit), masks),
    }


def estimate(values: list[float]) -> dict[str, float]:
    """Return a mean over images with its bootstrap 95% interval."""
    sample = np.array(values)
    draws = np.random.default_rng(0).choice(sample, (BOOTSTRAP, len(sample))).mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    means = {"mean": sample.mean(), "low": low, "high": high}
    return {name: round(float(value), 3) for name, value in means.items()}


def compared(found: list[dict[str, Any]], fill: str) -> dict[str, Any]:
    """Return mean drops of the logit, and the map's against that of chance."""
    parts = [f[fill] for f in found]
    return {
        **{name: estimate([part[name] for part in parts]) for name in parts[0]},
        "heat_less_random": estimate([part["heat"] - part["random"] for part in parts]),
        "heat_beats_random": sum(part["heat"] > part["random"] for part in parts),
    }


def summary(deleted: list[dict[str, Any]], blocks: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the means over images; ``blocks`` are of the first few of them."""
    both = [
        {fill: {**d["drops"][fill], **b["drops"][fill]} for fill in b["drops"]}
        for d, b in zip(deleted, blocks, strict=False)
    ]
    fills = list(deleted[0]["drops"])
    return {
        "images": len(deleted),
        "mean_size_of_logit": round(statistics.fmean(abs(d["logit"]) for d in deleted), 3),
        "mean_spread_of_a_map": round(statistics.fmean(d["spread"] for d in deleted), 4),
        "logit_drop": {fill: compared([d["drops"] for d in deleted], fill) for fill in fills},
        "with_occlusion": {
            "images": len(blocks),
            "spearman": estimate([b["spearman"] for b in blocks]),
            "logit_drop": {fill: compared(both, fill) for fill in fills},
        },
    }


class Kept:
    """Results by image and part, in a file, so that a stopped run goes on."""

    def __init__(self, path: Path, graph: str) -> None:
        self.path, self.graph = path, graph
        lines = path.read_text().splitlines() if path.exists() else []
        self.found: dict[str, Any] = {}
        for line in lines:
            self.found |= json.loads(line)

    def get(self, image: Path, part: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return a result, made now if it is not kept."""
        key = hashlib.sha256(self.graph.encode() + image.read_bytes()).hexdigest() + f" {part}"
        if key not in self.found:
            self.found[key] = make()
            with self.path.open("a") as file:
                file.write(json.dumps({key: self.found[key]}) + "\n")
        result: dict[str, Any] = self.found[key]
        return result


def cost(path: Path, pixels: Pixels) -> dict[str, Any]:
    """Time a graph with its map and without, in turns; see whether the logits are the same."""
    model = onnx.load(path)
    bare = onnx.utils.Extractor(model).extract_model(["pixels"], ["logit", "embedding"])
    sessions = {
        "with": session_of(str(path), 1),
        "without": session_of(bare.SerializeToString(), 1),
    }
    wanted = {"with": ["logit", "embedding", "heat"], "without": ["logit", "embedding"]}
    times: dict[str, list[float]] = {name: [] for name in sessions}
    said: dict[str, Floats] = {}
    for turn in range(TURNS + 1):
        for name, session in sessions.items():
            began = time.process_time()
            said[name] = session.run(wanted[name], {"pixels": pixels})[0]
            if turn:  # the first is for warming up
                times[name].append(time.process_time() - began)
    middle = {name: statistics.median(values) / len(pixels) for name, values in times.items()}
    ratios = [a / b for a, b in zip(times["with"], times["without"], strict=True)]
    return {
        "cpu_ms_per_image": {name: round(1000 * value, 1) for name, value in middle.items()},
        "ratio": round(middle["with"] / middle["without"], 4),
        "ratio_in_half_of_the_turns": [round(r, 4) for r in np.quantile(ratios, [0.25, 0.75])],
        "logits_equal_to_the_bit": bool(np.array_equal(said["with"], said["without"])),
    }


def likeness(folder: Path, package: DetectorPackage, pixels: Pixels) -> dict[str, Any]:
    """Compare the graphs' maps: the largest difference, against the spread of a map."""
    maps = {
        graph: session_of(str(check_file(folder, package.graph(graph))), 1).run(
            ["heat"], {"pixels": pixels}
        )[0]
        for graph in Graph
    }
    full = maps[Graph.FP32]
    return {
        f"{graph.value}_largest_difference_in_spreads": float(
            f"{np.abs(maps[graph] - full).max() / full.std():.2g}"
        )
        for graph in (Graph.FP16, Graph.INT8)
    }


def chosen(folders: list[Path], limit: int) -> list[Path]:
    """Return images of the folders, evenly spread over each, in turns."""
    found = []
    for folder in folders:
        paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES)
        step = max(1, len(paths) * len(folders) // limit)
        found.append(paths[::step][: -(-limit // len(folders))])
    longest = max(map(len, found))
    return [paths[n] for n in range(longest) for paths in found if n < len(paths)]


def pixels_of(path: Path, package: DetectorPackage) -> Pixels:
    """Read an image as the detector sees it."""
    with Image.open(path) as image:
        return preprocess(image, package.preprocessing)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--limit", type=int, default=48, help="images, over all folders")
    parser.add_argument("--occluded", type=int, default=12, help="the first few, block by block")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--keep", type=Path, required=True, help="where each image's result goes")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    folder = embedded.build()
    package = load_package(folder)
    full = check_file(folder, package.graph(Graph.FP32))
    session = session_of(str(full), arguments.threads)
    kept = Kept(arguments.keep, package.graph(Graph.FP32).sha256)
    paths = chosen(arguments.folders, arguments.limit)
    deleted, blocks = [], []
    for seed, path in enumerate(paths):
        pixels = pixels_of(path, package)
        deleted.append(kept.get(path, "deletion", partial(deletion, session, pixels, seed)))
        print(f"{seed + 1} of {len(paths)}", flush=True)
    for path in paths[: arguments.occluded]:
        pixels = pixels_of(path, package)
        blocks.append(kept.get(path, "occlusion", partial(occluded, session, pixels)))
        print(f"occlusion {len(blocks)}: {blocks[-1]['spearman']:.2f}", flush=True)
    few = np.stack([pixels_of(path, package) for path in paths[:4]])
    result = {
        "detector": f"{package.name}@{package.version}",
        "machine": f"{platform.machine()}, one thread",
        "onnxruntime": importlib.metadata.version("onnxruntime"),
        "faithfulness": summary(deleted, blocks),
        "maps": likeness(folder, package, few),
        "cost": {
            graph.value: cost(check_file(folder, package.graph(graph)), few)
            for graph in (Graph.FP32, Graph.INT8)
        },
    }
    arguments.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
