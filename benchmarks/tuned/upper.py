"""The upper blocks of a CLIP tower in torch, from kept activations on, and a head on their taps.

The same function as :class:`training.tune.towers.Tower`'s; of the last block only the class token
is computed, since nothing else of it is read.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from detector.training_request import Recipe
from training.adaptation import LORA_A, LORA_B, Adaptation
from training.head import Head
from training.tune.recipes import TARGETS
from training.vision import PREFIX, Array, VisionConfig, VisionWeights

RANK, ALPHA = 8, 16
GELU = 1.702
# A module's name may hold no dot.
NAMES = {target.replace(".", "_"): target for target in TARGETS}


class Linear(nn.Module):
    """A frozen linear layer; with a rank, and a low-rank change to it that is learnt."""

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Array, bias: Array, rank: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.from_numpy(weight.copy()))
        self.register_buffer("bias", torch.from_numpy(bias.copy()))
        self.rank = rank
        if rank:
            outer, inner = weight.shape
            self.a = nn.Parameter(torch.empty(rank, inner))
            nn.init.kaiming_uniform_(self.a, a=5**0.5)
            self.b = nn.Parameter(torch.zeros(outer, rank))

    def forward(self, x: Tensor) -> Tensor:
        """Return the layer's value."""
        y = functional.linear(x, self.weight, self.bias)
        if self.rank:
            y = y + functional.linear(functional.linear(x, self.a), self.b) * (ALPHA / self.rank)
        return y


class Block(nn.Module):
    """One block: attention and perceptron, each after a layer norm."""

    layer_norm1: nn.LayerNorm
    layer_norm2: nn.LayerNorm
    self_attn_q_proj: Linear
    self_attn_k_proj: Linear
    self_attn_v_proj: Linear
    self_attn_out_proj: Linear
    mlp_fc1: Linear
    mlp_fc2: Linear

    def __init__(self, weights: VisionWeights, number: int, rank: int) -> None:
        super().__init__()
        self.config: VisionConfig = weights.config
        self.stem = f"{PREFIX}encoder.layers.{number - 1}."
        for name in ("layer_norm1", "layer_norm2"):
            norm = nn.LayerNorm(self.config.hidden_size, self.config.layer_norm_eps)
            for part in ("weight", "bias"):
                value = torch.from_numpy(weights[f"{self.stem}{name}.{part}"].copy())
                getattr(norm, part).data = value
            self.add_module(name, norm)
        for name, target in NAMES.items():
            weight = weights[f"{self.stem}{target}.weight"]
            bias = weights[f"{self.stem}{target}.bias"]
            self.add_module(name, Linear(weight, bias, rank))

    def _heads(self, x: Tensor) -> Tensor:
        shape = (len(x), -1, self.config.num_attention_heads, self.config.head_size)
        return x.view(shape).transpose(1, 2)

    def forward(self, x: Tensor, *, only_first: bool = False) -> Tensor:
        """Return [N, tokens, hidden]; with ``only_first`` [N, 1, hidden], the class token."""
        normal = self.layer_norm1(x)
        query = normal
        if only_first:
            query, x = normal[:, :1], x[:, :1]
        mixed = functional.scaled_dot_product_attention(
            self._heads(self.self_attn_q_proj(query)),
            self._heads(self.self_attn_k_proj(normal)),
            self._heads(self.self_attn_v_proj(normal)),
        )
        mixed = mixed.transpose(1, 2).reshape(x.shape)
        x = x + self.self_attn_out_proj(mixed)
        inner = self.mlp_fc1(self.layer_norm2(x))
        out: Tensor = x + self.mlp_fc2(inner * torch.sigmoid(GELU * inner))
        return out


class Upper(nn.Module):
    """Blocks ``start + 1`` to the last tapped one, and the head.

    Parameters
    ----------
    weights
        The encoder; its activation must be CLIP's.
    start
        The block whose output comes in.
    head
        To begin from; its layers are tapped.
    recipe
        What of the blocks is learnt: layer norms, or a low-rank change to the linear layers; with
        ``probe`` nothing but the head.
    unit
        Bring the standardised features to one length, as GenD does, before they are weighed.
    """

    mean: Tensor
    scale: Tensor

    def __init__(
        self, weights: VisionWeights, start: int, head: Head, recipe: Recipe, *, unit: bool
    ) -> None:
        super().__init__()
        if weights.config.hidden_act != "quick_gelu":
            raise ValueError(f"{weights.name} has no quick_gelu")
        self.layers, self.start, self.unit, self.recipe = head.layers, start, unit, recipe
        rank = RANK if recipe is Recipe.LORA else 0
        self.blocks = nn.ModuleList(
            Block(weights, number, rank) for number in range(start + 1, max(head.layers) + 1)
        )
        self.requires_grad_(False)
        self.register_buffer("mean", torch.from_numpy(head.mean.copy()))
        self.register_buffer("scale", torch.from_numpy(head.scale.copy()))
        self.head_weight = nn.Parameter(torch.from_numpy(head.weight.copy()))
        self.head_bias = nn.Parameter(torch.tensor(head.bias, dtype=torch.float32))
        for parameter in self.adapted():
            parameter.requires_grad_(True)

    def adapted(self) -> list[nn.Parameter]:
        """Return the parameters of the blocks that the recipe learns."""
        kind: type[nn.Module] = nn.LayerNorm if self.recipe is Recipe.LAYERNORM else Linear
        if self.recipe is Recipe.PROBE:
            return []
        modules: Iterable[nn.Module] = self.blocks.modules()
        return [p for module in modules if isinstance(module, kind) for p in module.parameters()]

    def taps(self, states: Tensor) -> Tensor:
        """Return the class tokens [N, T, hidden] of activations [N, tokens, hidden]."""
        found: list[Tensor] = []
        x, last = states, max(self.layers)
        for number, block in enumerate(self.blocks, start=self.start + 1):
            x = block(x, only_first=number == last)
            if number in self.layers:
                found.append(x[:, 0])
        return torch.stack(found, dim=1)

    def features(self, taps: Tensor) -> Tensor:
        """Return what the head weighs, [N, T, hidden]."""
        normal = (taps - self.mean) / self.scale
        if self.unit:
            normal = functional.normalize(normal, dim=2) * normal.shape[2] ** 0.5
        return normal

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits [N] and features [N, T, hidden]."""
        features = self.features(self.taps(states))
        return (features * self.head_weight).sum(dim=(1, 2)) + self.head_bias, features

    def adaptation(self) -> Adaptation:
        """Return what was learnt about the encoder, in the product's own form."""
        tensors: dict[str, Array] = {}
        for block in self.blocks:
            for name, module in block.named_children():
                if isinstance(module, nn.LayerNorm) and self.recipe is Recipe.LAYERNORM:
                    tensors[f"{block.stem}{name}.weight"] = _array(module.weight)
                    tensors[f"{block.stem}{name}.bias"] = _array(module.bias)
                elif isinstance(module, Linear) and module.rank:
                    stem = f"{block.stem}{NAMES[name]}.weight"
                    tensors[stem + LORA_A] = _array(module.a)
                    tensors[stem + LORA_B] = _array(module.b)
        return Adaptation(self.recipe, tensors, ALPHA / RANK)


def _array(tensor: Tensor) -> Array:
    found: Array = tensor.detach().numpy().copy()
    return found
