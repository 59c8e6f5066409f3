"""Vision towers in torch, made from the same weights and giving the same taps as the ONNX graph.

A tap is what :mod:`training.tower` taps: the class token of the residual stream after a block; of
SigLIP, which has none, the mean of the patch tokens after the block.
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModel, SiglipVisionConfig, SiglipVisionModel

from detector.package import Preprocessing
from training.tune.rotary import RotaryTower
from training.vision import PREFIX, Family, VisionWeights, WeightsError


def build_model(weights: VisionWeights) -> nn.Module:
    """Return the vision model with these weights, frozen; no head follows the blocks.

    It is transformers' own, but for towers that turn queries and keys: :mod:`training.tune.rotary`.

    Raises
    ------
    WeightsError
        If the weights lack a tensor that the model has.
    """
    options = weights.config.model_dump() | {"attention_dropout": 0.0}
    # The values drawn here are all replaced; the caller's generator shall not notice.
    with torch.random.fork_rng(devices=[]):
        model: nn.Module
        if weights.config.family is Family.SIGLIP:
            # The pooling head follows the blocks; taps are taken before it.
            model = SiglipVisionModel(SiglipVisionConfig(**options, vision_use_head=False))
        elif weights.config.rotary:
            model = RotaryTower(weights.config)
        else:
            model = CLIPVisionModel(CLIPVisionConfig(**options))
    inner: nn.Module = getattr(model, "vision_model", model)
    names = list(inner.state_dict())
    if lacking := [name for name in names if PREFIX + name not in weights.state]:
        raise WeightsError(f"{weights.source} lacks the tensors {lacking[:3]} of its architecture")
    inner.load_state_dict({n: torch.from_numpy(weights.state[PREFIX + n].copy()) for n in names})
    return inner.requires_grad_(False).eval()


class Tower(nn.Module):
    """Pixels to taps.

    Parameters
    ----------
    weights, spec
        The encoder, and the preprocessing whose mean and std it applies.
    layers
        Blocks, counted from 1, whose taps are given.
    """

    # transformers' module; its parts are known by name only.
    inner: Any
    mean: Tensor
    scale: Tensor

    def __init__(
        self, weights: VisionWeights, spec: Preprocessing, layers: tuple[int, ...]
    ) -> None:
        super().__init__()
        self.inner = build_model(weights)
        self.layers = layers
        self.family = weights.config.family
        mean, std = (torch.tensor(v, dtype=torch.float64) for v in (spec.mean, spec.std))
        self.register_buffer("mean", (mean * 255).float(), persistent=False)
        self.register_buffer("scale", (1 / (std * 255)).float(), persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the taps, float32 [N, T, hidden], of uint8 pixels [N, size, size, 3]."""
        normal = (pixels.float() - self.mean) * self.scale
        x = self.inner.embeddings(normal.permute(0, 3, 1, 2))
        if self.family in {Family.CLIP, Family.PERCEPTION}:
            x = self.inner.pre_layrnorm(x)
        taps: dict[int, Tensor] = {}
        # Blocks above the last tap decide nothing.
        for number, block in enumerate(self.inner.encoder.layers[: max(self.layers)], start=1):
            x = block(x, attention_mask=None)
            if number in self.layers:
                mean = self.family is Family.SIGLIP
                taps[number] = (x.mean(dim=1) if mean else x[:, 0]).float()
        return torch.stack([taps[layer] for layer in self.layers], dim=1)
