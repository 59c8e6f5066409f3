"""The linear head as it stands in a graph: no standardisation, only weights and a bias."""

from dataclasses import dataclass

from training.vision import Array


@dataclass(frozen=True)
class LinearHead:
    """``logit = sum(weight * taps) + bias``; weight is float32 [T, hidden]."""

    layers: tuple[int, ...]
    weight: Array
    bias: float
