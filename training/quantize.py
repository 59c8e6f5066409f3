"""Linear layers in 8-bit arithmetic for CPUs, with the float32 graph's verdicts.

Weights are symmetric int8 with one scale per output channel. Each row of activations (one token of
one image) is written with two digits of 7 bits, ``x = (127 * high + low) * step``, and multiplied
digit by digit: 14 bits keep what 8 would lose to a transformer's outlier channels. The integer sums
are exact and a row never meets another image's range, so a result does not depend on its batch.
Where int8 does not hold the weights exactly, a second int8 has the rest, for the high digit alone.

Digits lie within 0 to 128, zero at 64, and weights within ±127: the sum of two products stays below
2**15, where AVX2 without VNNI saturates. See docs/decisions/001-int8-graph.md.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.block import Layer, add_bias
from training.graph import CONTRIB, GraphBuilder
from training.vision import Array

# A digit runs over ±63 around its zero point.
DIGIT = 63
DIGIT_ZERO = 64
BASE = 127
# What rounding leaves of a weight lies within half a step, which a second digit divides in 127.
REST = 254
# Weights that were rounded before, as the wheel's, leave nothing: a second digit is then spared.
ON_GRID = 0.01
# A row of zeros has no range to divide by.
LEAST_PEAK = 1e-20


def quantize_channels(weight: Array) -> tuple[npt.NDArray[np.int8], Array]:
    """Return int8 values and one float32 scale per output channel of a weight [in, out]."""
    peak = np.abs(weight).max(axis=0)
    scale = np.where(peak > 0, peak / np.float32(127), np.float32(1)).astype(np.float32)
    values = np.clip(np.rint(weight / scale), -127, 127).astype(np.int8)
    return values, scale


def peak_of(g: GraphBuilder, x: str, rows: str) -> str:
    """Write the largest size of a value's rows [R, in]: float32 [R]."""
    most = g.node("ReduceMax", [rows], f"{x}/most", axes=[1], keepdims=0)
    least = g.node("ReduceMin", [rows], f"{x}/least", axes=[1], keepdims=0)
    return g.node("Max", [most, g.node("Neg", [least], f"{x}/depth")], f"{x}/peak")


def second_digit(
    g: GraphBuilder, name: str, rows: str, high: str, step: str, zeros: str
) -> tuple[str, str]:
    """Write what a digit leaves of its rows, as another of 7 bits; return it and its steps."""
    said = g.node("DequantizeLinear", [high, step, zeros], f"{name}/said", axis=0)
    rest = g.node("Sub", [rows, said], f"{name}/rest")
    fine = g.node("Mul", [step, g.constant("per_base", 1 / BASE)], f"{name}/fine")
    return g.node("QuantizeLinear", [rest, fine, zeros], f"{name}/low_digit", axis=0), fine


def two_digits(g: GraphBuilder, x: str, width: int) -> tuple[str, str, str]:
    """Write a value's rows as two digits; return (high, low, step), the step as a column.

    Done once for a value that several layers read.
    """
    high, low, step = f"{x}/high", f"{x}/low_digit", f"{x}/step"
    if step in g.names:
        return high, low, step
    rows = g.node("Reshape", [x, g.ints(-1, width)], f"{x}/rows")
    peak = peak_of(g, x, rows)
    peak = g.node("Max", [peak, g.constant("least_peak", LEAST_PEAK)], f"{x}/range")
    coarse = g.node("Mul", [peak, g.constant("per_digit", 1 / DIGIT)], f"{x}/coarse")
    # QuantizeLinear wants a zero point for each scale.
    count = g.node("Shape", [coarse], f"{x}/count")
    zero = g.node("Expand", [g.constant("digit_zero", DIGIT_ZERO, np.uint8), count], f"{x}/zero")
    g.node("QuantizeLinear", [rows, coarse, zero], high, axis=0)
    _, fine = second_digit(g, x, rows, high, coarse, zero)
    g.node("Unsqueeze", [fine, g.ints(1)], step)
    return high, low, step


@dataclass(frozen=True)
class Int8Weight:
    """A weight as int8 [in, out] and float32 scales [out], and what the graph calls them."""

    values: npt.NDArray[np.int8]
    scale: Array
    values_name: str
    scale_name: str


def int8_weight(layer: Layer) -> Int8Weight:
    """Return the weight of a linear layer, rounded."""
    values, scale = quantize_channels(layer.weight)
    return Int8Weight(values, scale, f"{layer.name}.weight_q8", f"{layer.name}.scale")


def product(
    g: GraphBuilder,
    name: str,
    digit: str,
    worth: float,
    weight: Int8Weight,
    zero: str | None = None,
) -> str:
    """Write ``worth`` times a digit's product with int8 weights; ``zero`` is the digit's zero."""
    inputs = [
        digit,
        g.constant(weight.values_name, weight.values, np.int8),
        g.constant(f"worth_{worth:g}", worth),
        g.constant(weight.scale_name, weight.scale),
        zero or g.constant("digit_zero", DIGIT_ZERO, np.uint8),
        g.constant("weight_zero", 0, np.int8),
    ]
    return g.node("MatMulIntegerToFloat", inputs, name, domain=CONTRIB)


def int8_linear(g: GraphBuilder, name: str, x: str, tokens: int, layer: Layer) -> str:
    """Write a linear layer in 8-bit arithmetic; see :data:`training.block.Linear`."""
    width, out = layer.weight.shape
    high, low, step = two_digits(g, x, width)
    rounded = int8_weight(layer)
    if tokens == 1:
        y = _in_one_product(g, name, x, (high, low), rounded)
    else:
        each = [
            product(g, f"{name}/high", high, BASE, rounded),
            product(g, f"{name}/low", low, 1, rounded),
        ]
        y = g.node("Add", each, f"{name}/both")
    rest = (layer.weight - rounded.values * rounded.scale) / rounded.scale
    if np.abs(rest).max() > ON_GRID:
        digit = np.clip(np.rint(rest * REST), -127, 127).astype(np.int8)
        scale = rounded.scale / np.float32(REST)
        fine = Int8Weight(digit, scale, f"{layer.name}.weight_q8_rest", f"{layer.name}.scale_rest")
        left = product(g, f"{name}/rest", high, BASE, fine)
        y = g.node("Add", [y, left], f"{name}/three")
    y = g.node("Mul", [y, step], f"{name}/scaled")
    return g.node("Reshape", [add_bias(g, f"{name}/rows", y, layer), g.ints(-1, tokens, out)], name)


def _in_one_product(
    g: GraphBuilder, name: str, x: str, digits: tuple[str, str], weight: Int8Weight
) -> str:
    """Write the sum of two digits' products, of so few rows that the weight is read but once."""
    out = weight.values.shape[1]
    rows = g.once("Concat", digits, f"{x}/digits", axis=0)
    both = product(g, f"{name}/digits", rows, 1, weight)
    both = g.node("Reshape", [both, g.ints(2, -1, out)], f"{name}/parted")
    worth = g.constant("worth_of_digits", np.array([BASE, 1]).reshape(2, 1, 1))
    weighed = g.node("Mul", [both, worth], f"{name}/weighed")
    return g.node("ReduceSum", [weighed, g.ints(0)], f"{name}/both", keepdims=0)
