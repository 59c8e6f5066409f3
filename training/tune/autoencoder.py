"""TAEF2: the tiny autoencoder of FLUX.2's latent space, encoder and decoder, 1.34 M weights each.

Structure after madebyollin/taesd (MIT); weights and licence: ``data/NOTICE.txt``.
"""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

WEIGHTS = Path(__file__).parent / "data" / "taef2.safetensors"
WIDTH, LATENT, POOLED, GROUPS = 64, 32, 256, 4


def _conv(inner: int, outer: int, *, stride: int = 1, bias: bool = True) -> nn.Conv2d:
    return nn.Conv2d(inner, outer, 3, stride=stride, padding=1, bias=bias)


class Clamp(nn.Module):
    """Keeps latents within (-3, 3), smoothly."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the latents, same shape."""
        return torch.tanh(x / 3) * 3


class Block(nn.Module):
    """Three convolutions around a residual; with a pool path where ``pooled``."""

    def __init__(self, *, pooled: bool = False) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            _conv(WIDTH, WIDTH),
            nn.ReLU(),
            _conv(WIDTH, WIDTH),
            nn.ReLU(),
            _conv(WIDTH, WIDTH),
        )
        self.pool = (
            nn.Sequential(
                nn.Conv2d(WIDTH, POOLED, 1, bias=False),
                nn.GroupNorm(GROUPS, POOLED),
                nn.ReLU(),
                nn.Conv2d(POOLED, WIDTH, 1, bias=False),
            )
            if pooled
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return [N, 64, H, W] for the same shape."""
        if self.pool is not None:
            x = x + self.pool(x)
        return functional.relu(self.conv(x) + x)


def encoder() -> nn.Sequential:
    """Return the encoder: [N, 3, H, W] in [0, 1] to latents [N, 32, H/8, W/8]."""
    layers: list[nn.Module] = [_conv(3, WIDTH), Block()]
    for pooled in (False, False, True):
        layers.append(_conv(WIDTH, WIDTH, stride=2, bias=False))
        layers += [Block(pooled=pooled) for _ in range(3)]
    return nn.Sequential(*layers, _conv(WIDTH, LATENT))


def decoder() -> nn.Sequential:
    """Return the decoder, the way back."""
    layers: list[nn.Module] = [Clamp(), _conv(LATENT, WIDTH), nn.ReLU()]
    for pooled in (True, False, False):
        layers += [Block(pooled=pooled) for _ in range(3)]
        layers += [nn.Upsample(scale_factor=2), _conv(WIDTH, WIDTH, bias=False)]
    return nn.Sequential(*layers, Block(), _conv(WIDTH, 3))


class Autoencoder(nn.Module):
    """Encoder and decoder with the weights that come with this package."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder(), decoder()
        self.load_state_dict(load_file(WEIGHTS))
        self.to(device).requires_grad_(False).eval()
        self.device = device

    def forward(self, x: Tensor) -> Tensor:
        """Return the round trip of images [N, 3, H, W] in [0, 1], sides multiples of 8."""
        rebuilt: Tensor = self.decoder(self.encoder(x))
        return rebuilt.clamp(0, 1)

    def rebuild(self, image: Image.Image) -> Image.Image:
        """Return the round trip of an RGB image whose sides are multiples of 8."""
        pixels = torch.from_numpy(np.array(image, dtype=np.uint8)).to(self.device)
        with torch.no_grad():
            x = self(pixels.permute(2, 0, 1)[None].float() / 255)
        found = (x[0].permute(1, 2, 0) * 255).round().to(torch.uint8).cpu().numpy()
        return Image.fromarray(found)
