"""What each recipe trains in a tower, and what it then tells of it."""

import torch
from peft import LoraConfig, inject_adapter_in_model
from torch import nn

from detector.training_request import Recipe, Settings
from training.adaptation import LORA_A, LORA_B, Adaptation
from training.tune.towers import Tower
from training.vision import PREFIX, Array

# Every linear layer of a block: Hu et al. adapt q and v only; with the others at the same rank the
# adaptation is stronger and, once worked into the weights, costs nothing (Dettmers et al. 2023,
# "QLoRA", section 4).
TARGETS = (
    *(f"self_attn.{name}_proj" for name in ("q", "k", "v", "out")),
    "mlp.fc1",
    "mlp.fc2",
)
_ADAPTER = "default"


def _blocks(tower: Tower) -> list[str]:
    return [f"encoder.layers.{i}" for i in range(max(tower.layers))]


def _norms(tower: Tower) -> dict[str, nn.LayerNorm]:
    """Return the layer norms that decide the taps, by name: not those above the last tap."""
    inside = ("pre_layrnorm", *(f"{block}." for block in _blocks(tower)))
    return {
        name: module
        for name, module in tower.inner.named_modules()
        if isinstance(module, nn.LayerNorm) and name.startswith(inside)
    }


def apply_recipe(tower: Tower, recipe: Recipe, settings: Settings) -> None:
    """Make trainable what the recipe trains; the tower computes what it did before.

    LoRA's first factors are random and drawn from the settings' seed.
    """
    if recipe is Recipe.LAYERNORM:
        for norm in _norms(tower).values():
            norm.requires_grad_(True)
        return
    config = LoraConfig(
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,  # type: ignore[arg-type]  # any number will do
        lora_dropout=0.0,
        target_modules=[f"{block}.{name}" for block in _blocks(tower) for name in TARGETS],
        bias="none",
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        inject_adapter_in_model(config, tower.inner, adapter_name=_ADAPTER)


def adaptation_of(tower: Tower, recipe: Recipe) -> Adaptation:
    """Return what was learnt about the encoder."""
    tensors: dict[str, Array] = {}
    if recipe is Recipe.LAYERNORM:
        for name, norm in _norms(tower).items():
            tensors[f"{PREFIX}{name}.weight"] = _array(norm.weight)
            tensors[f"{PREFIX}{name}.bias"] = _array(norm.bias)
        return Adaptation(recipe, tensors)
    scale = 1.0
    for block in _blocks(tower):
        for target in TARGETS:
            layer = tower.inner.get_submodule(f"{block}.{target}")
            stem = f"{PREFIX}{block}.{target}.weight"
            tensors[stem + LORA_A] = _array(layer.lora_A[_ADAPTER].weight)
            tensors[stem + LORA_B] = _array(layer.lora_B[_ADAPTER].weight)
            scale = float(layer.scaling[_ADAPTER])
    return Adaptation(recipe, tensors, scale)


def _array(tensor: torch.Tensor) -> Array:
    found: Array = tensor.detach().cpu().float().numpy().copy()
    return found
