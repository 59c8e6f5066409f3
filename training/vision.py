"""A CLIP vision tower as data: its configuration and its weights under transformers' names."""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from detector.contract import Part

Array = npt.NDArray[np.float32]
PREFIX = "vision_model."
PROJECTION = "visual_projection.weight"


class WeightsError(RuntimeError):
    """Encoder weights could not be had, or are not what they should be."""


class VisionConfig(Part):
    """Shape of a CLIP vision tower, as transformers' ``CLIPVisionConfig`` has it."""

    hidden_size: int = 768
    intermediate_size: int = 3072
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    image_size: int = 224
    patch_size: int = 32
    projection_dim: int = 512
    hidden_act: str = "quick_gelu"
    layer_norm_eps: float = 1e-5

    @property
    def grid(self) -> int:
        """Patches along one side."""
        return self.image_size // self.patch_size

    @property
    def head_size(self) -> int:
        """Width of one attention head."""
        return self.hidden_size // self.num_attention_heads

    @classmethod
    def from_transformers(cls, document: dict[str, Any]) -> Self:
        """Read a ``config.json`` of a CLIP model, or of its vision tower alone.

        Raises
        ------
        WeightsError
            If it is the configuration of another kind of model.
        """
        kind = document.get("model_type")
        if kind not in {"clip", "clip_vision_model"}:
            raise WeightsError(
                f"the model is of type {kind!r}; the ONNX tower is built for CLIP vision towers "
                "('clip'), for example openai/clip-vit-base-patch16"
            )
        vision = document.get("vision_config", {}) if kind == "clip" else document
        # In a composite model the projection's width stands outside the vision part.
        width = document.get("projection_dim", vision.get("projection_dim", 512))
        return cls.model_validate({**vision, "projection_dim": width})


def expected_shapes(config: VisionConfig) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor the tower needs, by name."""
    width, inner = config.hidden_size, config.intermediate_size
    shapes: dict[str, tuple[int, ...]] = {
        PREFIX + "embeddings.class_embedding": (width,),
        PREFIX + "embeddings.patch_embedding.weight": (
            width,
            3,
            config.patch_size,
            config.patch_size,
        ),
        PREFIX + "embeddings.position_embedding.weight": (config.grid**2 + 1, width),
        PROJECTION: (config.projection_dim, width),
    }
    linear = {
        **{f"self_attn.{n}_proj": (width, width) for n in ("q", "k", "v", "out")},
        "mlp.fc1": (inner, width),
        "mlp.fc2": (width, inner),
    }
    norms = ["pre_layrnorm", "post_layernorm"]
    for i in range(config.num_hidden_layers):
        layer = f"encoder.layers.{i}."
        norms += [layer + "layer_norm1", layer + "layer_norm2"]
        for name, shape in linear.items():
            shapes[f"{PREFIX}{layer}{name}.weight"] = shape
            shapes[f"{PREFIX}{layer}{name}.bias"] = shape[:1]
    for name in norms:
        shapes[f"{PREFIX}{name}.weight"] = shapes[f"{PREFIX}{name}.bias"] = (width,)
    return shapes


@dataclass(frozen=True)
class VisionWeights:
    """A vision tower's weights and where they came from.

    ``state`` maps transformers' tensor names to float32 arrays in torch's layout (a linear layer's
    weight is [out, in]). ``sha256`` is that of the file they were read from.
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
