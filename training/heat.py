"""The heat map's nodes: how much each patch of an image pushed the logit.

Direct logit attribution (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits";
for CLIP's class token Gandelsman, Efros and Steinhardt, ICLR 2024): the residual stream is a sum
and the head is linear, so each term of the stream has its exact share in the logit. Shares that are
of no patch (biases, perceptrons, the class token itself) are spread evenly, so that a map sums to
its logit. See docs/decisions/008-heat-map.md.
"""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from training.block import Blocks
from training.graph import GraphBuilder
from training.half import leave_half
from training.linear_head import LinearHead
from training.vision import PREFIX, Array


def read_by_head(head: LinearHead, number: int, out: Array) -> Array:
    """Return how attention's values, mixed for the class token, move the logit: float32 [hidden].

    What a block adds to the stream is read by the tap after it and by all later ones. Summed in
    float64 and in a fixed order, so that every machine gets the same bytes.

    Parameters
    ----------
    head
        The head.
    number
        The block, counted from 1.
    out
        The weight of its output projection, [out, in].
    """
    read = np.zeros(len(out))
    for layer, row in zip(head.layers, head.weight, strict=True):
        if layer >= number:
            read += row
    found = np.zeros(out.shape[1])
    for factor, row in zip(read.tolist(), out.astype(np.float64), strict=True):
        found += factor * row
    return found.astype(np.float32)


def total(g: GraphBuilder, rows: str, count: int, name: str) -> str:
    """Write the sum over the ``count`` rows of float32 [N, count, width]: [N, 1, width].

    As a matrix product of the same size for each image, since a sum's order must not depend on the
    batch.
    """
    ones = g.constant(f"ones_{count}", np.ones((1, 1, count)), np.float32)
    return g.node("MatMul", [ones, rows], name)


def complete(blocks: Blocks, patches: str, logit: str) -> str:
    """Write the map [N, grid, grid] of the patches' shares, float32 [N, patches, 1].

    What is left of the logit is spread evenly over the patches.
    """
    g, grid = blocks.g, blocks.config.grid
    explained = total(g, patches, grid**2, "heat_explained")
    whole = g.node("Reshape", [logit, g.ints(-1, 1, 1)], "heat_logit")
    rest = g.node("Sub", [whole, explained], "heat_rest")
    share = g.constant("patch_share", 1 / grid**2, np.float32)
    even = g.node("Mul", [rest, share], "heat_even")
    shared = g.node("Add", [patches, even], "heat_patches_even")
    return g.node("Reshape", [shared, g.ints(0, grid, grid)], "heat")


class Heat(Protocol):
    """Collects the patches' shares while a tower is written."""

    def after(self, number: int, stream: str) -> None:
        """Write what is to be said of a block, counted from 1, when its output stream is there."""
        ...

    def write(self, logit: str) -> str:
        """Write the map float32 [N, grid, grid], when constants are float32 again."""
        ...


@dataclass
class ClassTokenHeat:
    """What patches write into the class token, weighed by the head."""

    blocks: Blocks
    head: LinearHead
    terms: list[str] = field(default_factory=list)

    def after(self, number: int, _stream: str) -> None:
        """Write a block's term, float32 [N, heads, 1, tokens].

        At once, so that no block's attention has to be kept until the end.
        """
        if number > max(self.head.layers):
            return
        g, c, layer = self.blocks.g, self.blocks.config, f"encoder.layers.{number - 1}"
        out = self.blocks.weights[f"{PREFIX}{layer}.self_attn.out_proj.weight"]
        weight = read_by_head(self.head, number, out)
        column = weight.reshape(1, c.num_attention_heads, c.head_size, 1)
        values = [f"{layer}.v_heads", g.constant(f"{layer}.heat_weight", column)]
        pushed = g.node("MatMul", values, f"{layer}.heat_pushed")
        row = g.ints(0, c.num_attention_heads, 1, self.blocks.tokens)
        pushed = g.node("Reshape", [pushed, row], f"{layer}.heat_row")
        first = [f"{layer}.attention", g.ints(0), g.ints(1), g.ints(2)]
        looked = g.node("Slice", first, f"{layer}.heat_attention")
        both = [leave_half(g, looked), leave_half(g, pushed)]
        self.terms.append(g.node("Mul", both, f"{layer}.heat"))

    def write(self, logit: str) -> str:
        """Write the map; see :meth:`Heat.write`."""
        g, tokens = self.blocks.g, self.blocks.tokens
        count = len(self.terms) * self.blocks.config.num_attention_heads
        rows = g.node("Concat", self.terms, "heat_terms", axis=1)
        rows = g.node("Reshape", [rows, g.ints(0, count, tokens)], "heat_rows")
        column = total(g, rows, count, "heat_tokens")
        column = g.node("Reshape", [column, g.ints(0, tokens, 1)], "heat_column")
        # What the class token and registers write is of no patch.
        cut = [column, g.ints(self.blocks.config.before_patches), g.ints(tokens), g.ints(1)]
        return complete(self.blocks, g.node("Slice", cut, "heat_patches"), logit)


@dataclass
class PatchHeat:
    """What the head reads in each of SigLIP's patches, of whose mean it reads.

    A class activation map (Zhou et al. 2016): exact, as the mean is a sum.
    """

    blocks: Blocks
    head: LinearHead
    sum: str = ""

    def after(self, number: int, stream: str) -> None:
        """Write a tap's term, [N, patches, 1], from its float32 stream [N, patches, hidden]."""
        if number not in self.head.layers:
            return
        g = self.blocks.g
        weight = self.head.weight[self.head.layers.index(number)] / np.float32(self.blocks.tokens)
        column = g.constant(f"tap_{number}.heat_weight", weight.reshape(1, -1, 1), np.float32)
        term = g.node("MatMul", [stream, column], f"tap_{number}.heat")
        self.sum = g.node("Add", [self.sum, term], f"tap_{number}.heat_sum") if self.sum else term

    def write(self, logit: str) -> str:
        """Write the map; see :meth:`Heat.write`."""
        return complete(self.blocks, self.sum, logit)
