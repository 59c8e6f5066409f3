"""Towers whose queries and keys are turned, in torch: DINOv3's and Perception Encoder's.

Their parts have the names of :mod:`training.dinov3_names` and :mod:`training.perception_names`.
transformers' own DINOv3 multiplies each branch by a factor that our weights already hold; its
Perception Encoder is timm's.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.rope import turns
from training.vision import Family, VisionConfig


class Embeddings(nn.Module):
    """Normalised pixels [N, 3, size, size] to tokens [N, tokens, hidden]."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        width, side = config.hidden_size, config.patch_size
        dinov3 = config.family is Family.DINOV3
        self.patch_embedding = nn.Conv2d(3, width, side, stride=side, bias=dinov3)
        self.class_embedding = nn.Parameter(torch.empty(width))
        registers = torch.empty(config.num_register_tokens, width)
        self.register_tokens = nn.Parameter(registers) if dinov3 else None
        self.position_embedding = None if dinov3 else nn.Embedding(config.tokens, width)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return class token, registers and patches."""
        patches: Tensor = self.patch_embedding(pixels).flatten(2).transpose(1, 2)
        first = self.class_embedding[None]
        if self.register_tokens is not None:
            first = torch.cat([first, self.register_tokens])
        tokens = torch.cat([first.expand(len(pixels), -1, -1), patches], dim=1)
        placed = self.position_embedding
        return tokens if placed is None else tokens + placed.weight


class Attention(nn.Module):
    """Attention whose queries and keys are turned by where their patch is."""

    cos: Tensor
    sin: Tensor

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.heads = config.num_attention_heads
        self.q_proj, self.k_proj = nn.Linear(width, width), nn.Linear(width, width)
        self.v_proj, self.out_proj = nn.Linear(width, width), nn.Linear(width, width)
        for name, value in turns(config)._asdict().items():
            self.register_buffer(name, torch.from_numpy(value), persistent=False)

    def _turned(self, x: Tensor) -> Tensor:
        low, high = x.chunk(2, dim=-1)
        return x * self.cos.to(x.dtype) + torch.cat([high, low], dim=-1) * self.sin.to(x.dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Return what each token gathers."""
        q, k, v = (
            project(x).unflatten(2, (self.heads, -1)).transpose(1, 2)
            for project in (self.q_proj, self.k_proj, self.v_proj)
        )
        mixed = functional.scaled_dot_product_attention(self._turned(q), self._turned(k), v)
        gathered: Tensor = self.out_proj(mixed.transpose(1, 2).flatten(2))
        return gathered


class Perceptron(nn.Module):
    """Two linear layers with a GELU between."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.fc1 = nn.Linear(config.hidden_size, config.intermediate_size)
        self.fc2 = nn.Linear(config.intermediate_size, config.hidden_size)

    def forward(self, x: Tensor) -> Tensor:
        """Return each token's own change."""
        changed: Tensor = self.fc2(functional.gelu(self.fc1(x)))
        return changed


class Block(nn.Module):
    """One block, called as transformers' CLIP and SigLIP layers are."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.layer_norm1 = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.self_attn = Attention(config)
        self.layer_norm2 = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.mlp = Perceptron(config)

    def forward(self, x: Tensor, attention_mask: None = None) -> Tensor:  # noqa: ARG002
        """Return the residual stream after the block, [N, tokens, hidden]."""
        x = x + self.self_attn(self.layer_norm1(x))
        changed: Tensor = x + self.mlp(self.layer_norm2(x))
        return changed


class Encoder(nn.Module):
    """The blocks."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Block(config) for _ in range(config.num_hidden_layers))


class RotaryTower(nn.Module):
    """Embeddings and blocks, up to the norm after them."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        if config.hidden_act != "gelu":
            raise ValueError(f"activation {config.hidden_act!r}: these towers have gelu")
        self.embeddings = Embeddings(config)
        if config.family is Family.PERCEPTION:
            self.pre_layrnorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.encoder = Encoder(config)
