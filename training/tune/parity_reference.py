"""The logits that torch gives, by transformers' own model: what the exported graphs are held to.

Written apart from the towers that tuning uses, so that an error in them shows. Only Perception
Encoder, which transformers has from timm, is held to our own (tests hold that one to timm's).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import transformers
from torch import Tensor, nn

from detector.package import Preprocessing
from training.dinov3_names import EMBEDDINGS, PARTS
from training.head import Head
from training.tune.towers import Tower
from training.vision import PREFIX, Array, Family, VisionWeights

BATCH = 8


def reference_model(weights: VisionWeights) -> nn.Module:
    """Return transformers' model of the family, with these weights."""
    # The values drawn here are all replaced; the caller's generator shall not notice.
    with torch.random.fork_rng(devices=[]):
        model, state = _MODELS[weights.config.family](weights)
    model.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in state.items()})
    found: nn.Module = model.eval().requires_grad_(False)
    return found


def _options(weights: VisionWeights) -> dict[str, Any]:
    ours = {"family", "interpolation", "mean", "std"}
    return weights.config.model_dump(exclude=ours)


def _clip(weights: VisionWeights) -> tuple[nn.Module, dict[str, Array]]:
    config = transformers.CLIPVisionConfig(**_options(weights))
    return transformers.CLIPVisionModelWithProjection(config), weights.state


def _siglip(weights: VisionWeights) -> tuple[nn.Module, dict[str, Array]]:
    options = _options(weights)
    options.pop("projection_dim")
    model = transformers.SiglipVisionModel(transformers.SiglipVisionConfig(**options))
    bare = not any(name.startswith(PREFIX) for name in model.state_dict())
    state = {
        name.removeprefix(PREFIX) if bare else name: value
        for name, value in weights.state.items()
        if name.startswith(PREFIX)
    }
    return model, state


def _dinov3(weights: VisionWeights) -> tuple[nn.Module, dict[str, Array]]:
    # Factors of the branches are worked into the weights, and every layer has its bias.
    config = transformers.DINOv3ViTConfig(**_options(weights), key_bias=True, layerscale_value=1.0)
    model = transformers.DINOv3ViTModel(config)
    ours = {theirs: PREFIX + name for theirs, name in EMBEDDINGS.items()}
    for number in range(config.num_hidden_layers):
        for theirs, name in PARTS.items():
            for kind in ("weight", "bias"):
                ours[f"model.layer.{number}.{theirs}.{kind}"] = (
                    f"{PREFIX}encoder.layers.{number}.{name}.{kind}"
                )
    # What is not ours, its factors of one and its mask, stays as it was made.
    return model, {
        name: weights[ours[name]].reshape(value.shape) if name in ours else value.numpy()
        for name, value in model.state_dict().items()
    }


_MODELS: dict[Family, Callable[[VisionWeights], tuple[nn.Module, dict[str, Array]]]] = {
    Family.CLIP: _clip,
    Family.SIGLIP: _siglip,
    Family.DINOV3: _dinov3,
}


def reference_logits(
    weights: VisionWeights, spec: Preprocessing, head: Head, pixels: npt.NDArray[np.uint8]
) -> Array:
    """Return float32 logits [N] of uint8 pixels [N, size, size, 3], computed on the CPU.

    Parameters
    ----------
    weights
        The encoder as tuned.
    spec
        Preprocessing, whose mean and std are applied.
    head
        The head.
    pixels
        The images.
    """
    if weights.config.family is Family.PERCEPTION:
        return _by_our_own(weights, spec, head, pixels)
    model = reference_model(weights)
    mean, std = (np.array(v, np.float32) for v in (spec.mean, spec.std))
    found = []
    for start in range(0, len(pixels), BATCH):
        normal = (pixels[start : start + BATCH].astype(np.float32) / 255 - mean) / std
        batch = torch.from_numpy(np.ascontiguousarray(normal.transpose(0, 3, 1, 2)))
        with torch.inference_mode():
            states = model(batch, output_hidden_states=True).hidden_states
            taps = torch.stack([_tap(states[n], weights) for n in head.layers], dim=1)
        found.append(head.logits(taps.numpy()))
    return np.concatenate(found)


def _by_our_own(
    weights: VisionWeights, spec: Preprocessing, head: Head, pixels: npt.NDArray[np.uint8]
) -> Array:
    tower = Tower(weights, spec, head.layers)
    batches = (pixels[start : start + BATCH] for start in range(0, len(pixels), BATCH))
    with torch.inference_mode():
        taps = [tower(torch.from_numpy(np.ascontiguousarray(batch))).numpy() for batch in batches]
    return head.logits(np.concatenate(taps))


def _tap(state: Tensor, weights: VisionWeights) -> Tensor:
    return state.mean(dim=1) if weights.config.family is Family.SIGLIP else state[:, 0]
