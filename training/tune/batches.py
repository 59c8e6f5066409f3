"""Batches of views in the order's sequence, from any place in it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from training.tune.order import Draw, Order
from training.tune.prefetch import in_order
from training.tune.views import Pixels

# Views that wait ready, however large the batches are: their memory is this times a view's.
MAX_AHEAD = 256


@dataclass(frozen=True)
class Batch:
    """Of one forward pass: ``pixels`` uint8 [B, V, S, S, 3]; ``target``, ``weight`` float32 [B]."""

    pixels: Pixels
    target: npt.NDArray[np.float32]
    weight: npt.NDArray[np.float32]


def batches(
    order: Order,
    views: Callable[[Draw], Pixels],
    size: int,
    positions: range,
    workers: int,
) -> Iterator[Batch]:
    """Yield the batches of the given positions, ``size`` each.

    The number of ``workers`` changes nothing but the time it takes.
    """

    def made(draw: Draw) -> tuple[Draw, Pixels]:
        return draw, views(draw)

    # Drawn here, in one thread; threads only make the views.
    draws = (order[position] for position in positions)
    stream = in_order(draws, made, workers, ahead=min(2 * size, MAX_AHEAD))
    while parts := list(islice(stream, size)):
        yield Batch(
            np.stack([pixels for _, pixels in parts]),
            np.array([draw.target for draw, _ in parts], np.float32),
            np.array([draw.weight for draw, _ in parts], np.float32),
        )
