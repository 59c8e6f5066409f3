"""A small builder of ONNX graphs: stable names, one output per node, initializers on the side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

OPSET = 17
# Of the year of opset 17 to 21; every onnxruntime from 1.18 on reads it.
IR_VERSION = 10
CONTRIB = "com.microsoft"


@dataclass
class GraphBuilder:
    """Collects nodes and initializers. Methods return the name of the value they make.

    ``real`` is the type of constants that are no integers: float32, or float16 in part of a graph.
    ``least`` is what a value cannot lie below, where that is known.
    """

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    initializers: dict[str, onnx.TensorProto] = field(default_factory=dict)
    domains: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    real: npt.DTypeLike = np.float32
    least: dict[str, float] = field(default_factory=dict)

    def constant(self, name: str, value: npt.ArrayLike, dtype: npt.DTypeLike | None = None) -> str:
        """Add an initializer, once per name; of the type :attr:`real` where none is given."""
        if name not in self.initializers:
            wanted = self.real if dtype is None else dtype
            array = np.ascontiguousarray(np.asarray(value, dtype=wanted)).reshape(np.shape(value))
            self.initializers[name] = numpy_helper.from_array(array, name)
        return name

    def ints(self, *values: int) -> str:
        """Add a vector of int64, named by its values."""
        return self.constant("ints_" + "_".join(map(str, values)), list(values), np.int64)

    def node(
        self, op: str, inputs: Sequence[str], name: str, domain: str = "", **attributes: Any
    ) -> str:
        """Add a node of one output, which has the node's name."""
        self.nodes.append(
            helper.make_node(op, list(inputs), [name], name=name, domain=domain, **attributes)
        )
        self.names.add(name)
        if domain:
            self.domains.add(domain)
        return name

    def once(self, op: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        """Add a node as :meth:`node` does, where none of its name was added before."""
        return name if name in self.names else self.node(op, inputs, name, **attributes)

    def either(
        self, condition: str, name: str, then: Callable[[], str], otherwise: Callable[[], str]
    ) -> str:
        """Add a float32 value that one of two branches writes, by a condition.

        What a branch writes is seen in that branch alone; constants are everyone's.
        """
        branches = {
            "then_branch": self._branch(f"{name}/then", then),
            "else_branch": self._branch(f"{name}/else", otherwise),
        }
        return self.node("If", [condition], name, **branches)

    def _branch(self, name: str, write: Callable[[], str]) -> onnx.GraphProto:
        nodes, names = self.nodes, self.names
        self.nodes, self.names = [], set(names)
        try:
            out = helper.make_tensor_value_info(write(), onnx.TensorProto.FLOAT, None)
            return helper.make_graph(self.nodes, name, [], [out])
        finally:
            self.nodes, self.names = nodes, names

    def model(
        self,
        inputs: Sequence[onnx.ValueInfoProto],
        outputs: Sequence[onnx.ValueInfoProto],
        name: str,
    ) -> onnx.ModelProto:
        """Return the finished model. Its bytes depend on nothing but what was added."""
        graph = helper.make_graph(
            self.nodes, name, list(inputs), list(outputs), list(self.initializers.values())
        )
        domains = [helper.make_opsetid("", OPSET)]
        domains += [helper.make_opsetid(domain, 1) for domain in sorted(self.domains)]
        return helper.make_model(
            graph, opset_imports=domains, ir_version=IR_VERSION, producer_name="aidetect"
        )
