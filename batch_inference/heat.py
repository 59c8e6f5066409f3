"""A heat map as it is kept: a byte for each patch, and what the largest stands for."""

import numpy as np
import numpy.typing as npt

from detector.evidence import Heat

Floats = npt.NDArray[np.float32]

# int8 without -128, so that both signs reach as far.
STEPS = 127


def pack_heat(logits: Floats) -> Heat | None:
    """Return a map float32 [side, side], in logits, as it is kept.

    Rounded to 1/127 of its largest value. None where a value is no number, which half precision
    can give of an encoder that it does not hold: better no map than a wrong one.

    Raises
    ------
    ValueError
        If the map is not square.
    """
    if logits.ndim != 2 or logits.shape[0] != logits.shape[1]:
        raise ValueError(f"a heat map is square, [side, side]; this is {list(logits.shape)}")
    peak = float(np.abs(logits).max(initial=0.0))
    if not np.isfinite(peak):
        return None
    # In float64, so that the smallest of float32 does not divide to infinity.
    shares = logits.astype(np.float64) / (peak or 1.0)
    return Heat(np.rint(shares * STEPS).astype(np.int8).tobytes(), len(logits), peak)


def unpack_heat(heat: Heat) -> Floats:
    """Return a kept map as float32 [side, side], in logits.

    Raises
    ------
    ValueError
        If its bytes are not side * side, or its peak is no size: the object was altered.
    """
    if heat.side < 0 or len(heat.values) != heat.side**2:
        raise ValueError(
            f"a heat map of {heat.side} by {heat.side} patches has {len(heat.values)} bytes; "
            "the evidence object is damaged"
        )
    if not (np.isfinite(heat.peak) and heat.peak >= 0):
        raise ValueError(f"a heat map's peak is {heat.peak}; the evidence object is damaged")
    values = np.frombuffer(heat.values, np.int8).reshape(heat.side, heat.side)
    return (values * (heat.peak / STEPS)).astype(np.float32)
