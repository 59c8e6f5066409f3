"""From pixels to patches: the first thing that a graph computes."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from onnx import TensorProto

from detector.package import Preprocessing
from training.block import multiply
from training.graph import GraphBuilder
from training.half import enter_half
from training.vision import PREFIX, Array, VisionWeights

EMBEDDING = "embeddings.patch_embedding"


class Patches(NamedTuple):
    """Projected patches [N, grid², hidden], and what is still to be added to each, [hidden]."""

    rows: str
    bias: Array


def write_patches(
    g: GraphBuilder, weights: VisionWeights, spec: Preprocessing, *, half: bool
) -> Patches:
    """Write the input ``pixels``, uint8 [N, size, size, 3], as projected patches.

    Normalising is linear, so the projection does it, with no pass over the pixels; but where the
    rest of the graph is in float16, whose 11 bits the sums of bare pixels would exceed.
    """
    kernel = weights[f"{PREFIX}{EMBEDDING}.weight"]
    projection = np.ascontiguousarray(kernel.transpose(2, 3, 1, 0).reshape(-1, len(kernel)))
    own = weights.state.get(f"{PREFIX}{EMBEDDING}.bias")
    bias = np.zeros(len(kernel), np.float32) if own is None else own
    if half:
        pixels = enter_half(g, _normalised(g, spec))
        return Patches(multiply(g, "patch_embedding", _cut(g, weights, pixels), projection), bias)
    x = g.node("Cast", [_cut(g, weights, "pixels")], "patches_float", to=TensorProto.FLOAT)
    folded, shift = _folded(projection, spec)
    return Patches(multiply(g, "patch_embedding", x, folded), (bias + shift).astype(np.float32))


def _normalised(g: GraphBuilder, spec: Preprocessing) -> str:
    """Write the pixels in float32, less the mean, by the standard deviation."""
    mean = g.constant("pixel_mean", np.array(spec.mean) * 255.0)
    scale = g.constant("pixel_scale", 1.0 / (np.array(spec.std) * 255.0))
    x = g.node("Cast", ["pixels"], "pixels_float", to=TensorProto.FLOAT)
    return g.node("Mul", [g.node("Sub", [x, mean], "pixels_centred"), scale], "pixels_normal")


def _cut(g: GraphBuilder, weights: VisionWeights, pixels: str) -> str:
    """Write the patches' pixels, row by row: [N, grid², patch size² * 3]."""
    grid, size = weights.config.grid, weights.config.patch_size
    x = g.node("Reshape", [pixels, g.ints(-1, grid, size, grid, size, 3)], "patch_rows")
    x = g.node("Transpose", [x], "patch_grid", perm=[0, 1, 3, 2, 4, 5])
    return g.node("Reshape", [x, g.ints(-1, grid**2, 3 * size**2)], "patches")


def _folded(projection: Array, spec: Preprocessing) -> tuple[Array, npt.NDArray[np.float64]]:
    """Return a projection [values, hidden] of pixels from 0 to 255, and what is to be added.

    Summed in float64 and in a fixed order, so that every machine gets the same bytes.
    """
    count = len(projection) // 3
    mean, std = (np.tile(np.array(part, np.float64), count) for part in (spec.mean, spec.std))
    shift = np.zeros(projection.shape[1])
    for by, row in zip((mean / std).tolist(), projection.astype(np.float64), strict=True):
        shift -= by * row
    return (projection / (255.0 * std)[:, None]).astype(np.float32), shift
