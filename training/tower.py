"""The detector's ONNX graph, written from a vision tower's weights: no torch, no tracing.

Input ``pixels`` uint8 [N, size, size, 3]; outputs ``embedding`` float32 [N, D], the ``taps``
[N, T, hidden] (one token of the residual stream after chosen blocks) when asked for, and when a
head is given ``logit`` float32 [N] and ``heat`` float32 [N, grid, grid], how much each patch pushed
it.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper

from detector.package import Preprocessing
from training.apart import ApartBlocks
from training.block import Blocks, Layer, Linear, float_linear
from training.clip import ClipTower
from training.dinov3 import Dinov3Tower
from training.graph import GraphBuilder
from training.heat import ClassTokenHeat, Heat, PatchHeat
from training.linear_head import LinearHead
from training.patches import write_patches
from training.siglip import SiglipTower
from training.vision import Family, VisionWeights

TOWERS: dict[Family, type[ClipTower | SiglipTower | Dinov3Tower]] = {
    Family.CLIP: ClipTower,
    Family.SIGLIP: SiglipTower,
    Family.DINOV3: Dinov3Tower,
    Family.PERCEPTION: ClipTower,
}
__all__ = ["Linear", "LinearHead", "build_graph", "float_linear", "write_tower"]


def write_tower(
    blocks: Blocks,
    spec: Preprocessing,
    layers: tuple[int, ...],
    last: int,
    *,
    half: bool,
    heat: Heat | None,
) -> tuple[str, dict[int, str]]:
    """Write ``last`` blocks of any tower; return the embedding and the taps of ``layers``."""
    patches = write_patches(blocks.g, blocks.weights, spec, half=half)
    return TOWERS[blocks.config.family](blocks).write(patches, layers, last, heat)


def heat_of(blocks: Blocks, head: LinearHead) -> Heat:
    """Return what writes the heat map of a family."""
    if blocks.config.family is Family.SIGLIP:
        return PatchHeat(blocks, head)
    return ClassTokenHeat(blocks, head)


def build_graph(
    weights: VisionWeights,
    spec: Preprocessing,
    *,
    head: LinearHead | None = None,
    layers: tuple[int, ...] = (),
    linear: Linear = float_linear,
    first: Linear | None = None,
    half: bool = False,
) -> onnx.ModelProto:
    """Build the ONNX model.

    Parameters
    ----------
    weights
        The encoder.
    spec
        Preprocessing, of which mean and std are written into the graph.
    head
        The linear head; gives the outputs ``logit`` and ``heat``.
    layers
        Without a head: the blocks, counted from 1, whose token is given as ``taps``: the class
        token, or the mean of SigLIP's patches.
    linear
        How the blocks' linear layers are written; the default keeps the graph's precision.
    first
        How they are written for the class token alone; as for all tokens where nothing is said.
    half
        Write the blocks in float16, for GPUs.

    Raises
    ------
    ValueError
        If a layer is not one of the tower's blocks, or a tower without a class token is to keep it
        apart.
    """
    wanted = head.layers if head else layers
    depth = weights.config.num_hidden_layers
    if not all(1 <= layer <= depth for layer in wanted):
        raise ValueError(f"layers {list(wanted)}: the encoder has blocks 1 to {depth}")
    g, config = GraphBuilder(), weights.config
    if first and not config.before_patches:
        raise ValueError(f"a tower of {config.family} has no class token to be written otherwise")
    blocks = ApartBlocks(g, weights, linear, first) if first else Blocks(g, weights, linear)
    heat = heat_of(blocks, head) if head else None
    # What no head reads is not computed.
    last = max(head.layers) if head else depth
    embedding, taps = write_tower(blocks, spec, wanted, last, half=half, heat=heat)
    shape = ["n", config.embedding_size if last == depth else config.hidden_size]
    outputs = [helper.make_tensor_value_info(embedding, TensorProto.FLOAT, shape)]
    if wanted:
        name = "tokens_tapped" if head else "taps"
        tapped = g.node("Concat", [taps[layer] for layer in wanted], name, axis=1)
        if head is None or heat is None:
            shape = ["n", len(wanted), config.hidden_size]
            outputs.append(helper.make_tensor_value_info(tapped, TensorProto.FLOAT, shape))
        else:
            width = len(wanted) * config.hidden_size
            flat = g.node("Reshape", [tapped, g.ints(-1, width)], "head_input")
            weight, bias = head.weight.reshape(width, 1), np.array([head.bias], np.float32)
            column = float_linear(g, "head", flat, 1, Layer("head", weight, bias))
            logit = g.node("Reshape", [column, g.ints(-1)], "logit")
            outputs.insert(0, helper.make_tensor_value_info(logit, TensorProto.FLOAT, ["n"]))
            sides = ["n", config.grid, config.grid]
            outputs.append(
                helper.make_tensor_value_info(heat.write(logit), TensorProto.FLOAT, sides)
            )
    size = config.image_size
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", size, size, 3])
    return g.model([pixels], outputs, "detector")
