"""Linear layers in 8-bit arithmetic at half the products: patches coarse, the class token fine.

A head reads the class token, and an error in one patch is one of hundreds that attention averages:
so the rows of patches are written with one digit of 8 bits, and the class token's, one row of each
image, with the two digits of :mod:`training.quantize`. Where 8 bits by 8 would saturate
(:mod:`training.saturation`), a row's digit has 7 bits and a second digit the rest, for patches too.

As there, a row has its own range and integer sums are exact: a result does not depend on its batch.
See docs/decisions/014-coarse-patches.md.
"""

from dataclasses import dataclass

import numpy as np

from training.graph import GraphBuilder
from training.quantize import (
    BASE,
    DIGIT,
    DIGIT_ZERO,
    LEAST_PEAK,
    Int8Weight,
    int8_linear,
    int8_weight,
    product,
    two_digits,
)
from training.saturation import by_processor, saturates
from training.vision import Array

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


def coarse_linear(
    g: GraphBuilder, name: str, x: str, tokens: int, weight: Array, bias: Array
) -> str:
    """Write a linear layer of a tower whose first token is the one that counts.

    See :data:`training.block.Linear`. What the weights lose in int8 is lost.
    """
    if tokens == 1:
        return int8_linear(g, name, x, tokens, weight, bias)
    width, out = weight.shape
    rounded = int8_weight(name, weight)
    digit = _digit(g, x, width)
    high = product(g, f"{name}/high", digit.high, 1, rounded, digit.zero)
    y = g.either(
        saturates(g),
        f"{name}/patches",
        lambda: _with_rest(g, name, digit, high, rounded),
        lambda: g.node("Identity", [high], f"{name}/exact"),
    )
    column = g.once("Unsqueeze", [digit.step, g.ints(1)], f"{x}/column")
    y = g.node("Mul", [y, column], f"{name}/coarse")
    first = _first_token(g, name, x, rounded)
    y = g.node("ScatterND", [y, _first_rows(g, tokens), first], f"{name}/scaled")
    y = g.node("Add", [y, g.constant(f"{name}.bias", bias)], f"{name}/rows")
    return g.node("Reshape", [y, g.ints(-1, tokens, out)], name)


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
        size = g.node("Abs", [rows], f"{x}/patch_size")
        per_digit = by_processor(g, "per_patch_digit", 1 / WIDE, 1 / DIGIT)
        least = g.constant("least_step", LEAST_PEAK)
    else:
        size = rows
        per_digit = by_processor(g, "per_floor_digit", 1 / ABOVE, 1 / DIGIT)
        least = by_processor(g, f"least_step_{-below:g}", -below / BELOW, -below / DIGIT)
    peak = g.node("ReduceMax", [size], f"{x}/patch_peak", axes=[1], keepdims=0)
    g.node("Max", [g.node("Mul", [peak, per_digit], f"{x}/patch_fit"), least], step)
    zeros = g.node("Expand", [zero, g.node("Shape", [step], f"{x}/patch_count")], f"{x}/patch_zero")
    g.node("QuantizeLinear", [rows, step, zeros], high, axis=0)
    return Digit(rows, high, zero, step)


def _with_rest(g: GraphBuilder, name: str, digit: Digit, high: str, weight: Int8Weight) -> str:
    """Write a product with what the digit leaves of its rows, as another of 7 bits."""
    count = g.node("Shape", [digit.step], f"{name}/count")
    zeros = g.node("Expand", [digit.zero, count], f"{name}/zeros")
    said = g.node("DequantizeLinear", [digit.high, digit.step, zeros], f"{name}/said", axis=0)
    rest = g.node("Sub", [digit.rows, said], f"{name}/rest")
    per_base = g.constant("per_base", 1 / BASE)
    fine = g.node("Mul", [digit.step, per_base], f"{name}/fine")
    low = g.node("QuantizeLinear", [rest, fine, zeros], f"{name}/low_digit", axis=0)
    below = product(g, f"{name}/low", low, 1 / BASE, weight, digit.zero)
    return g.node("Add", [high, below], f"{name}/both")


def _first_token(g: GraphBuilder, name: str, x: str, weight: Int8Weight) -> str:
    """Write the product of the first token, [N, out], of two digits that go in one product."""
    width, out = weight.values.shape
    first = g.once("Slice", [x, g.ints(0), g.ints(1), g.ints(1)], f"{x}/first")
    high, low, step = two_digits(g, first, width)
    digits = g.once("Concat", [high, low], f"{first}/digits", axis=0)
    both = product(g, f"{name}/first", digits, 1, weight)
    both = g.node("Reshape", [both, g.ints(2, -1, out)], f"{name}/first_digits")
    parts = [
        g.node("Gather", [both, g.constant(f"index_{i}", i, np.int64)], f"{name}/first_{i}", axis=0)
        for i in (0, 1)
    ]
    high = g.node("Mul", [parts[0], g.constant("base", BASE)], f"{name}/first_high")
    y = g.node("Add", [high, parts[1]], f"{name}/first_both")
    return g.node("Mul", [y, step], f"{name}/first_scaled")


def _first_rows(g: GraphBuilder, tokens: int) -> str:
    """Write where the first token of each image lies among rows [N * tokens]: int64 [N, 1]."""
    shape = g.once("Shape", ["pixels"], "batch_shape")
    count = g.once("Gather", [shape, g.constant("index_0", 0, np.int64)], "batch", axis=0)
    step = g.constant("tokens_of_an_image", tokens, np.int64)
    end = g.once("Mul", [count, step], "row_count")
    rows = g.once("Range", [g.constant("index_0", 0, np.int64), end, step], "first_row")
    return g.once("Unsqueeze", [rows, g.ints(1)], "first_rows")
