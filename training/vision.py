"""A vision tower as data: its configuration and its weights under transformers' names."""

from dataclasses import dataclass, field

import numpy as np

from training.shapes import expected_shapes
from training.vision_config import (
    CENTRED,
    PREFIX,
    PROJECTION,
    Array,
    Family,
    VisionConfig,
    preprocessing_of,
)
from training.weights_error import WeightsError

__all__ = [
    "CENTRED",
    "PREFIX",
    "PROJECTION",
    "Array",
    "Family",
    "VisionConfig",
    "VisionWeights",
    "WeightsError",
    "expected_shapes",
    "preprocessing_of",
]


@dataclass(frozen=True)
class VisionWeights:
    """A vision tower's weights and where they came from.

    ``state`` maps the names that transformers has for CLIP's and SigLIP's tensors to float32 arrays
    in torch's layout (a linear layer's weight is [out, in]); others are given such names
    (:mod:`training.dinov3_names`, :mod:`training.perception_names`). ``sha256`` is that of the file
    they were read from.
    """

    config: VisionConfig
    state: dict[str, Array] = field(repr=False)
    name: str
    source: str
    sha256: str
    revision: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        """Hold the weights to the configuration, tensor by tensor."""
        for name, shape in expected_shapes(self.config).items():
            tensor = self.state.get(name)
            if tensor is None or tensor.shape != shape or tensor.dtype != np.float32:
                found = "nothing" if tensor is None else f"{tensor.dtype} {list(tensor.shape)}"
                raise WeightsError(
                    f"{self.source}: tensor {name} should be float32 {list(shape)} but is {found}; "
                    "the file does not fit its configuration"
                )

    def __getitem__(self, name: str) -> Array:
        return self.state[name]
