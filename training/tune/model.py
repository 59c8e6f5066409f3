"""A detector in torch: tower and head in one."""

import torch
from torch import Tensor, nn

from detector.package import Preprocessing
from training.head import Head
from training.tune.towers import Tower
from training.vision import VisionWeights

# Begins the names of the head's weights; the tower's begin otherwise.
HEAD = "head_"


class TorchDetector(nn.Module):
    """Pixels to logits, by :class:`training.head.Head`'s own rule. Only the head is trainable yet.

    Parameters
    ----------
    weights, spec, head
        The encoder, its preprocessing, and the head to begin from.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, weights: VisionWeights, spec: Preprocessing, head: Head) -> None:
        super().__init__()
        self.tower = Tower(weights, spec, head.layers)
        self.register_buffer("mean", torch.from_numpy(head.mean.copy()), persistent=False)
        self.register_buffer("scale", torch.from_numpy(head.scale.copy()), persistent=False)
        self.head_weight = nn.Parameter(torch.from_numpy(head.weight.copy()))
        self.head_bias = nn.Parameter(torch.tensor(head.bias, dtype=torch.float32))

    def forward(self, pixels: Tensor) -> Tensor:
        """Return logits, float32 [N], of uint8 pixels [N, size, size, 3]."""
        taps: Tensor = self.tower(pixels)
        # In float32 also under autocast: the sum is over thousands of features.
        with torch.autocast(taps.device.type, enabled=False):
            normal = (taps - self.mean) / self.scale
            return (normal * self.head_weight).sum(dim=(1, 2)) + self.head_bias

    def trainable(self) -> dict[str, nn.Parameter]:
        """Return what is trained, by name, in a fixed order."""
        found = {name: p for name, p in self.named_parameters() if p.requires_grad}
        return dict(sorted(found.items()))

    def head(self, begun: Head) -> Head:
        """Return the head as it is now, with the standardisation it began with."""
        weight = self.head_weight.detach().cpu().numpy().copy()
        bias = float(self.head_bias.detach().cpu())
        return Head(begun.layers, begun.mean, begun.scale, weight, bias)
