"""Whether a package's graphs say what the trained model says, on real images.

The reference is torch where it is installed, held against the float32 graph; the half-precision and
8-bit graphs are held against the float32 graph.
"""

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from batch_inference.engine import cuda_usable
from detector.package import DetectorPackage, Graph, check_file, load_package
from training.calibrate import probabilities
from training.dataset import LabelledImage
from training.degrade import Variant
from training.features import content_of, open_session, read_pixels
from training.head import Head
from training.vision import Array, VisionWeights

# Both add in float32, in another order: 1e-5 is seen on ViT-B/16. A mean of 0.01 would move one
# verdict in 200 (docs/decisions/001-int8-graph.md).
LOGIT_TOLERANCE = 2e-3
# float16 has 11 bits: 0.006 is seen, and no verdict of 160 changes. The 8-bit graph writes patches
# coarsely: 0.058 is seen, and no verdict of 388 changes. Verdicts may change only of images on the
# edge of a band.
HALF_PROBABILITY, INT8_PROBABILITY = 0.02, 0.1
AGREEMENT = 0.995
# By correlation, the least of any image's: a patch in the wrong place or of the wrong sign shows.
HEAT = 0.95
# On a GPU another batch size may take another kernel, which adds in another order.
HALF_BATCH = 0.02
BATCH = 8
FLAT = 1e-30

Pixels = npt.NDArray[np.uint8]
Count = Callable[[int, int], None]


class ParityError(ValueError):
    """A graph of the package does not say what the trained model says.

    Attributes
    ----------
    only_int8
        Whether all others do.
    """

    def __init__(self, message: str, *, only_int8: bool = False) -> None:
        super().__init__(message)
        self.only_int8 = only_int8


@dataclass(frozen=True)
class Limit:
    """What a number of the record must not exceed, or fall short of."""

    name: str
    bound: float
    at_least: bool = False

    def broken(self, found: dict[str, float]) -> str:
        """Say by how much the limit is broken; empty where it holds."""
        value = found.get(self.name)
        if value is None or (value >= self.bound if self.at_least else value <= self.bound):
            return ""
        side = "at least" if self.at_least else "at most"
        return f"{self.name} is {value:.6g}, {side} {self.bound:g} is wanted"


def limits(images: int) -> tuple[Limit, ...]:
    """Return the limits for a number of images, one of which may lie on the edge of a band."""
    one = (images - 1) / images
    return (
        Limit("torch.logit", LOGIT_TOLERANCE),
        Limit("fp16.probability", HALF_PROBABILITY),
        Limit("fp16.agreement", min(AGREEMENT, one), at_least=True),
        Limit("fp16.heat", HEAT, at_least=True),
        Limit("fp16.batch", HALF_BATCH),
        Limit("int8.probability", INT8_PROBABILITY),
        Limit("int8.agreement", min(AGREEMENT, one), at_least=True),
        Limit("int8.heat", HEAT, at_least=True),
        Limit("int8.batch", 0.0),
    )


def torch_installed() -> bool:
    """Tell whether the reference can be computed by torch."""
    return all(importlib.util.find_spec(name) for name in ("torch", "transformers"))


def measure(
    folder: Path,
    weights: VisionWeights,
    head: Head,
    images: Sequence[LabelledImage],
    *,
    threads: int = 2,
    torch: bool | None = None,
    count: Count = lambda _done, _total: None,
) -> dict[str, float]:
    """Compare a package's graphs on real images.

    Parameters
    ----------
    folder
        The package.
    weights
        The encoder as tuned: :func:`training.adaptation.adapted`.
    head
        The head.
    images
        Real images, at least one; dozens say something.
    threads
        CPU threads.
    torch
        Whether torch is the reference; by default, whether it is installed.
    count
        Told of (steps done, steps in all).

    Returns
    -------
    ``images``, ``opset``; ``reference.torch`` and ``fp16.cuda``, 1 or 0; ``torch.logit``, the
    largest difference of a logit between torch and the float32 graph, where torch is the reference;
    of ``fp16`` and ``int8`` against the float32 graph ``.probability``, the largest difference, and
    ``.agreement``, the share of equal verdicts; ``.heat``, the least correlation of an image's heat
    maps; ``.batch``, the largest difference of a logit between an image alone and among others.

    Raises
    ------
    ParityError
        If a limit is broken; names each, and by how much.
    detector.package.PackageError
        If a file of the package is missing or altered.
    """
    if not images:
        raise ParityError("no image to compare the graphs on; keep some sources for the test")
    package = load_package(folder)
    pixels = np.concatenate(
        [read_pixels(data, [Variant.CLEAN], seed, package.preprocessing)
         for data, seed in map(content_of, images)]
    )  # fmt: skip
    by_torch = torch_installed() if torch is None else torch
    steps = len(Graph) + by_torch
    cuda = cuda_usable()
    found = {
        "images": float(len(images)),
        "opset": float(package.opset),
        "reference.torch": float(by_torch),
        "fp16.cuda": float(cuda),
    }
    full = full_heat = np.empty(0, np.float32)
    for step, graph in enumerate(Graph, start=1):
        file = check_file(folder, package.graph(graph))
        session = open_session(file, threads, cuda=cuda and graph is Graph.FP16)
        logits, heat = _run(session, pixels, BATCH)
        if not np.isfinite(logits).all():
            raise ParityError(f"the {graph.value} graph gives logits that are no numbers")
        if graph is Graph.FP32:
            full, full_heat = logits, heat
        else:
            found |= _against(graph, logits, full, package)
            found[f"{graph.value}.heat"] = likeness(heat, full_heat)
            found[f"{graph.value}.batch"] = _alone(session, pixels, logits)
        count(step, steps)
    if by_torch:
        from training.tune.parity_reference import reference_logits

        theirs = reference_logits(weights, package.preprocessing, head, pixels)
        found["torch.logit"] = float(np.abs(theirs - full).max())
        count(steps, steps)
    if broken := {lim.name: text for lim in limits(len(images)) if (text := lim.broken(found))}:
        raise ParityError(
            f"{package.name}@{package.version} is not exported faithfully, on {len(images)} images "
            f"with onnxruntime {ort.__version__}: {'; '.join(broken.values())}",
            only_int8=all(name.startswith(f"{Graph.INT8.value}.") for name in broken),
        )
    return found


def likeness(maps: Array, full: Array) -> float:
    """Return the least correlation of an image's maps, each [N, side, side]; 0 of flat ones."""
    ours, theirs = (m.reshape(len(m), -1).astype(np.float64) for m in (maps, full))
    ours, theirs = (m - m.mean(axis=1, keepdims=True) for m in (ours, theirs))
    sizes = np.sqrt((ours**2).sum(axis=1) * (theirs**2).sum(axis=1))
    return float(((ours * theirs).sum(axis=1) / np.maximum(sizes, FLAT)).min())


def _run(session: ort.InferenceSession, pixels: Pixels, batch: int) -> tuple[Array, Array]:
    """Return logits [N] and heat maps [N, side, side]."""
    parts = [
        session.run(["logit", "heat"], {"pixels": pixels[start : start + batch]})
        for start in range(0, len(pixels), batch)
    ]
    logits, heat = (np.concatenate(part).astype(np.float32) for part in zip(*parts, strict=True))
    return logits, heat


def _alone(session: ort.InferenceSession, pixels: Pixels, logits: Array) -> float:
    """Return the largest difference of a logit between images alone and those of one batch."""
    alone, _heat = _run(session, pixels[:BATCH], 1)
    return float(np.abs(alone - logits[:BATCH]).max())


def _against(
    graph: Graph, logits: Array, full: Array, package: DetectorPackage
) -> dict[str, float]:
    ours, theirs = (
        probabilities(values.astype(np.float64), package.calibration) for values in (logits, full)
    )
    same = [
        package.decision.verdict(a) is package.decision.verdict(b)
        for a, b in zip(ours.tolist(), theirs.tolist(), strict=True)
    ]
    return {
        f"{graph.value}.probability": float(np.abs(ours - theirs).max()),
        f"{graph.value}.agreement": float(np.mean(same)),
    }
