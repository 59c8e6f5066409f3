"""8-bit graphs that ask the processor whether its products saturate, and what they are answered."""

import numpy as np
import onnx
from onnx import numpy_helper

# Sums that no processor falls short of, and that every one does.
EXACT, SATURATING = 0, 2**30


def expect_sums(model: onnx.ModelProto, sums: int) -> None:
    """Tell a graph what sums to expect, so that it does not judge by this processor."""
    (true_sum,) = (t for t in model.graph.initializer if t.name == "probe_true")
    true_sum.CopyFrom(numpy_helper.from_array(np.int32(sums), "probe_true"))


def asks(model: onnx.ModelProto) -> bool:
    """Tell whether a graph asks, as one with coarse patches does."""
    return any(node.op_type == "If" for node in model.graph.node)
