"""A question that a graph asks the processor it runs on: do sums of 8-bit products saturate?"""

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper

from training.graph import GraphBuilder

# Full blocks of every kernel; a product of one row may take another.
ROWS, DEPTH, COLUMNS = 16, 64, 16


def saturates(g: GraphBuilder) -> str:
    """Write whether u8 by s8 products saturate here: a bool scalar.

    AVX2 without VNNI adds two of them in 16 bits (``vpmaddubsw``), which 8 bits by 8 overflow; VNNI
    and ARM add in 32. Constants all, so that onnxruntime answers when it loads the graph, and keeps
    only the branches that are taken.
    """
    if "saturates" in g.names:
        return "saturates"
    most, large = np.full((ROWS, DEPTH), 255), np.full((DEPTH, COLUMNS), 127)
    left = g.constant("probe_left", most, np.uint8)
    right = g.constant("probe_right", large, np.int8)
    sums = g.node("MatMulInteger", [left, right], "probe_sums")
    least = g.node("ReduceMin", [sums], "probe_least", keepdims=0)
    true_sum = g.constant("probe_true", 255 * 127 * DEPTH, np.int32)
    return g.node("Less", [least, true_sum], "saturates")


def by_processor(
    g: GraphBuilder,
    name: str,
    where_exact: float,
    where_saturating: float,
    dtype: type = np.float32,
) -> str:
    """Write a scalar that depends on the processor."""
    options = [
        g.constant(f"{name}_saturating", where_saturating, dtype),
        g.constant(f"{name}_exact", where_exact, dtype),
    ]
    return g.once("Where", [saturates(g), *options], name)


def probe() -> onnx.ModelProto:
    """Return a graph without inputs whose output ``saturates`` says whether products saturate."""
    g = GraphBuilder()
    answer = helper.make_tensor_value_info(saturates(g), TensorProto.BOOL, [])
    return g.model([], [answer], "probe")


def processor_saturates() -> bool:
    """Tell whether u8 by s8 products saturate on this processor."""
    (answer,) = ort.InferenceSession(probe().SerializeToString()).run(None, {})
    return bool(answer)
