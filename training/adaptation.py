"""What tuning changed in an encoder: a small safetensors file, applied to the encoder's weights.

``layernorm``: each changed tensor, whole, under its own name. ``lora``: for each adapted linear
weight ``<name>`` the factors ``<name>.lora_a`` [rank, in] and ``<name>.lora_b`` [out, rank];
``weight + scale * lora_b @ lora_a`` takes its place (Hu et al., "LoRA", 2021, section 4.1).
"""

import json
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save as save_tensors

from detector.training_request import Recipe
from training.vision import Array, VisionWeights, WeightsError

ADAPTATION_FILE = "adaptation.safetensors"
LORA_A, LORA_B = ".lora_a", ".lora_b"


@dataclass(frozen=True)
class Adaptation:
    """What a recipe learnt about an encoder; ``tensors`` are float32."""

    recipe: Recipe
    tensors: dict[str, Array] = field(repr=False)
    scale: float = 1.0

    def dumps(self) -> bytes:
        """Return the safetensors file, its tensors in a fixed order."""
        # One key: safetensors writes several in no fixed order.
        made = json.dumps({"recipe": self.recipe.value, "scale": self.scale})
        ordered = {name: np.ascontiguousarray(self.tensors[name]) for name in sorted(self.tensors)}
        return bytes(save_tensors(ordered, {"made": made}))

    @classmethod
    def load(cls, path: str) -> Self:
        """Read the file.

        Raises
        ------
        WeightsError
            If it is not one of ours.
        """
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        try:
            made = json.loads(metadata["made"])
            return cls(Recipe(made["recipe"]), tensors, float(made["scale"]))
        except (KeyError, TypeError, ValueError) as error:
            raise WeightsError(f"{path} is not an adaptation: {error!r} in its metadata") from error


def adapted(weights: VisionWeights, adaptation: Adaptation) -> VisionWeights:
    """Return the encoder with the adaptation worked into its weights.

    Raises
    ------
    WeightsError
        If the adaptation was made for an encoder with other tensors.
    """
    state = dict(weights.state)
    for name, value in adaptation.tensors.items():
        target = name.removesuffix(LORA_A).removesuffix(LORA_B)
        if target not in state:
            raise WeightsError(
                f"the adaptation changes {target}, which {weights.name} does not have; "
                "it was learnt on another encoder"
            )
        if name.endswith(LORA_B):
            continue
        if name.endswith(LORA_A):
            factor = adaptation.tensors[target + LORA_B].astype(np.float64)
            change = adaptation.scale * (factor @ value.astype(np.float64))
            state[target] = (state[target] + change).astype(np.float32)
        else:
            state[target] = value.astype(np.float32)
    return replace(weights, state=state)
