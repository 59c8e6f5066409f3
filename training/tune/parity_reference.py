"""The logits that torch gives, by transformers' own model: what the exported graphs are held to.

Written apart from the towers that tuning uses, so that an error in them shows.
"""

import numpy as np
import numpy.typing as npt
import torch
import transformers
from torch import Tensor, nn

from detector.package import Preprocessing
from training.head import Head
from training.vision import PREFIX, PROJECTION, Array, Family, VisionWeights

BATCH = 8


def reference_model(weights: VisionWeights) -> nn.Module:
    """Return transformers' model of the family, with these weights."""
    options = weights.config.model_dump(exclude={"family", "interpolation"})
    # The values drawn here are all replaced; the caller's generator shall not notice.
    with torch.random.fork_rng(devices=[]):
        if weights.config.family is Family.SIGLIP:
            options.pop("projection_dim")
            model = transformers.SiglipVisionModel(transformers.SiglipVisionConfig(**options))
        else:
            config = transformers.CLIPVisionConfig(**options)
            model = transformers.CLIPVisionModelWithProjection(config)
    bare = not any(name.startswith(PREFIX) for name in model.state_dict())
    state = {
        name.removeprefix(PREFIX) if bare else name: torch.from_numpy(value.copy())
        for name, value in weights.state.items()
        if name.startswith(PREFIX) or name == PROJECTION
    }
    model.load_state_dict(state)
    found: nn.Module = model.eval().requires_grad_(False)
    return found


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


def _tap(state: Tensor, weights: VisionWeights) -> Tensor:
    return state.mean(dim=1) if weights.config.family is Family.SIGLIP else state[:, 0]
