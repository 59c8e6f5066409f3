"""Half precision for GPUs: where a graph turns to float16 and back.

Weights and activations of the blocks are float16. What sums many terms does so in float32, on CUDA
and on CPUs alike: matrix products, layer norms (their ``stash_type``) and softmax. Pixels before
they are normalised, taps, projection and head are float32. See docs/decisions/005-fp16-graph.md.
"""

import numpy as np
from onnx import TensorProto

from training.graph import GraphBuilder


def enter_half(g: GraphBuilder, x: str) -> str:
    """Turn a value to float16, and with it all constants from here on."""
    g.real = np.float16
    return g.node("Cast", [x], f"{x}/half", to=TensorProto.FLOAT16)


def leave_half(g: GraphBuilder, x: str) -> str:
    """Turn a value back to float32 where the graph is in float16; constants stay."""
    if g.real is not np.float16:
        return x
    return g.node("Cast", [x], f"{x}/float", to=TensorProto.FLOAT)
