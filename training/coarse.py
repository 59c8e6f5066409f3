"""Linear layers in 8-bit arithmetic at half the products, for all tokens but the class token.

A head reads the class token, and an error in one patch is one of hundreds that attention averages:
so the rows of patches are written with one digit of 8 bits, and the class token, kept apart
(:mod:`training.apart`), with the two digits of :mod:`training.quantize`. Where 8 bits by 8 would
saturate (:mod:`training.saturation`), a row's digit has 7 bits and a second digit the rest, for
patches too.

As there, a row has its own range and integer sums are exact: a result does not depend on its batch.
See docs/decisions/014-coarse-patches.md.
"""

from dataclasses import dataclass

import numpy as np

from training.block import Layer, add_bias
from training.graph import GraphBuilder
from training.quantize import (
    BASE,
    DIGIT,
    DIGIT_ZERO,
    LEAST_PEAK,
    Int8Weight,
    int8_weight,
    peak_of,
    product,
    second_digit,
)
from training.saturation import by_processor, saturates

# A digit of 8 bits runs over ±127 around its zero point; or, of a value that falls hardly below
# zero, from so many steps below it to all the others above (docs/decisions/014-coarse-patches.md).
WIDE, WIDE_ZERO = 127, 128
BELOW = 24
ABOVE = 255 - BELOW


@dataclass(frozen=True)
class Digit:
    """Rows [R, in] of a value, their high digit uint8 [R, in], its zero point and steps [R]."""

    rows: str
    high: str
    zero: str
    step: str


def coarse_linear(g: GraphBuilder, name: str, x: str, tokens: int, layer: Layer) -> str:
    """Write a linear layer of tokens that no head reads; see :data:`training.block.Linear`.

    What the weights lose in int8 is lost.
    """
    width, out = layer.weight.shape
    rounded = int8_weight(layer)
    digit = _digit(g, x, width)
    high = product(g, f"{name}/high", digit.high, 1, rounded, digit.zero)
    y = g.either(
        saturates(g),
        f"{name}/digits",
        lambda: _with_rest(g, name, digit, high, rounded),
        lambda: g.node("Identity", [high], f"{name}/exact"),
    )
    column = g.once("Unsqueeze", [digit.step, g.ints(1)], f"{x}/column")
    y = g.node("Mul", [y, column], f"{name}/scaled")
    return g.node("Reshape", [add_bias(g, f"{name}/rows", y, layer), g.ints(-1, tokens, out)], name)


def _digit(g: GraphBuilder, x: str, width: int) -> Digit:
    """Write a value's rows as one digit, of 7 or 8 bits by the processor; once for a value."""
    high, step, rows = f"{x}/patch_high", f"{x}/patch_step", f"{x}/patch_rows"
    below = g.least.get(x)
    if below is None:
        zero = by_processor(g, "patch_zero", WIDE_ZERO, DIGIT_ZERO, np.uint8)
    else:
        zero = by_processor(g, "floor_zero", BELOW, DIGIT_ZERO, np.uint8)
    if high in g.names:
        return Digit(rows, high, zero, step)
    g.node("Reshape", [x, g.ints(-1, width)], rows)
    if below is None:
        peak = peak_of(g, x, rows)
        per_digit = by_processor(g, "per_patch_digit", 1 / WIDE, 1 / DIGIT)
        least = g.constant("least_step", LEAST_PEAK)
    else:
        peak = g.node("ReduceMax", [rows], f"{x}/patch_peak", axes=[1], keepdims=0)
        per_digit = by_processor(g, "per_floor_digit", 1 / ABOVE, 1 / DIGIT)
        least = by_processor(g, f"least_step_{-below:g}", -below / BELOW, -below / DIGIT)
    g.node("Max", [g.node("Mul", [peak, per_digit], f"{x}/patch_fit"), least], step)
    zeros = g.node("Expand", [zero, g.node("Shape", [step], f"{x}/patch_count")], f"{x}/patch_zero")
    g.node("QuantizeLinear", [rows, step, zeros], high, axis=0)
    return Digit(rows, high, zero, step)


def _with_rest(g: GraphBuilder, name: str, digit: Digit, high: str, weight: Int8Weight) -> str:
    """Write a product with what the digit leaves of its rows, as another of 7 bits."""
    count = g.node("Shape", [digit.step], f"{name}/count")
    zeros = g.node("Expand", [digit.zero, count], f"{name}/zeros")
    low, _ = second_digit(g, name, digit.rows, digit.high, digit.step, zeros)
    below = product(g, f"{name}/low", low, 1 / BASE, weight, digit.zero)
    return g.node("Add", [high, below], f"{name}/both")
