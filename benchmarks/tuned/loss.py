"""GenD's losses beside cross-entropy: features of a class near each other, all of them spread.

Wang and Isola 2020 (arXiv:2005.10242); with labels and these weights: Yermakov et al., WACV 2026,
https://github.com/yermandy/GenD.
"""

import torch
from torch import Tensor

UNIFORMITY, ALIGNMENT = 0.5, 0.1
TEMPERATURE = 2.0
LEAST = 1e-6


def uniformity(features: Tensor) -> Tensor:
    """Return log mean exp(-2 d²) over pairs of unit vectors [N, D]: low where they are spread."""
    apart = torch.pdist(features).square()
    return (-TEMPERATURE * apart).exp().mean().clamp(min=LEAST).log()


def alignment(features: Tensor, target: Tensor) -> Tensor:
    """Return the mean d² over pairs of one class, of unit vectors [N, D]; 0 without such pairs."""
    same = (target[:, None] == target[None, :]).triu(diagonal=1)
    apart = (features[:, None] - features[None, :]).square().sum(dim=2)
    return (apart * same).sum() / same.sum().clamp(min=1)
