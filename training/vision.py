"""A vision tower as data: its configuration and its weights under transformers' names."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from detector.contract import Part
from detector.package import Preprocessing

Array = npt.NDArray[np.float32]
PREFIX = "vision_model."
PROJECTION = "visual_projection.weight"
# Inception's normalisation, which SigLIP was trained with: pixels run over ±1.
CENTRED = (0.5, 0.5, 0.5)
# Image.Resampling.BILINEAR, as preprocessor_config.json numbers it.
PILLOW_BILINEAR = 2


class WeightsError(RuntimeError):
    """Encoder weights could not be had, or are not what they should be."""


class Family(StrEnum):
    """Kinds of towers: transformers' ``CLIPVisionModel`` and ``SiglipVisionModel``."""

    CLIP = "clip"
    SIGLIP = "siglip"


# What transformers' configurations leave out where it has its default.
DEFAULTS: dict[Family, dict[str, Any]] = {
    Family.CLIP: {},
    Family.SIGLIP: {
        "patch_size": 16,
        "hidden_act": "gelu_pytorch_tanh",
        "layer_norm_eps": 1e-6,
    },
}
FAMILIES = {
    "clip": Family.CLIP,
    "clip_vision_model": Family.CLIP,
    "siglip": Family.SIGLIP,
    "siglip_vision_model": Family.SIGLIP,
}


class VisionConfig(Part):
    """Shape of a vision tower, as transformers' ``CLIPVisionConfig`` and its like have it.

    ``interpolation`` is how its images are resized; SigLIP 2 departs from the others there.
    """

    family: Family = Family.CLIP
    hidden_size: int = 768
    intermediate_size: int = 3072
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    image_size: int = 224
    patch_size: int = 32
    projection_dim: int = 512
    hidden_act: str = "quick_gelu"
    layer_norm_eps: float = 1e-5
    interpolation: str = "bicubic"

    @property
    def grid(self) -> int:
        """Patches along one side."""
        return self.image_size // self.patch_size

    @property
    def tokens(self) -> int:
        """Tokens of an image: its patches, and CLIP's class token."""
        return self.grid**2 + (self.family is Family.CLIP)

    @property
    def head_size(self) -> int:
        """Width of one attention head."""
        return self.hidden_size // self.num_attention_heads

    @property
    def embedding_size(self) -> int:
        """Width of the embedding; SigLIP projects its own no further."""
        return self.projection_dim if self.family is Family.CLIP else self.hidden_size

    @classmethod
    def from_transformers(
        cls, document: dict[str, Any], processor: dict[str, Any] | None = None
    ) -> Self:
        """Read a ``config.json`` of a model, or of its vision tower alone.

        Parameters
        ----------
        document
            ``config.json``.
        processor
            ``preprocessor_config.json``, where there is one.

        Raises
        ------
        WeightsError
            If it is the configuration of another kind of model.
        """
        kind = document.get("model_type")
        family = FAMILIES.get(str(kind))
        if family is None:
            raise WeightsError(
                f"the model is of type {kind!r}; the ONNX tower is built for CLIP and SigLIP "
                "vision towers ('clip', 'siglip'; SigLIP 2 at a fixed resolution is one), for "
                "example openai/clip-vit-base-patch16"
            )
        vision = document.get("vision_config", document)
        # In a composite model the projection's width stands outside the vision part.
        width = document.get("projection_dim", vision.get("projection_dim", 512))
        known = {
            **DEFAULTS[family],
            **vision,
            "family": family,
            "projection_dim": width,
            "interpolation": "bicubic",
        }
        if (processor or {}).get("resample") == PILLOW_BILINEAR:
            known["interpolation"] = "bilinear"
        return cls.model_validate(known)


def preprocessing_of(config: VisionConfig, *, crops: bool = False) -> Preprocessing:
    """Return the preprocessing an encoder was trained with, at its own size.

    Parameters
    ----------
    config
        The encoder.
    crops
        Cut the centre at native resolution instead of resizing, which erases fine traces.
    """
    clip = config.family is Family.CLIP
    values = {} if clip else {"mean": CENTRED, "std": CENTRED}
    if crops:
        return Preprocessing(kind="native_crop", size=config.image_size, **values)
    kind = "resize_center_crop" if clip else "resize_square"
    way = "bicubic" if clip else config.interpolation
    return Preprocessing(kind=kind, size=config.image_size, interpolation=way, **values)


def _block_shapes(layer: str, width: int, inner: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    linear = {
        **{f"self_attn.{n}_proj": (width, width) for n in ("q", "k", "v", "out")},
        "mlp.fc1": (inner, width),
        "mlp.fc2": (width, inner),
    }
    for name, shape in linear.items():
        shapes[f"{layer}.{name}.weight"] = shape
        shapes[f"{layer}.{name}.bias"] = shape[:1]
    for name in ("layer_norm1", "layer_norm2"):
        shapes[f"{layer}.{name}.weight"] = shapes[f"{layer}.{name}.bias"] = (width,)
    return shapes


def _siglip_shapes(width: int, inner: int) -> dict[str, tuple[int, ...]]:
    """Shapes of what only SigLIP has: the patches' bias and the head that pools by attention."""
    return {
        "embeddings.patch_embedding.bias": (width,),
        "head.probe": (1, 1, width),
        "head.attention.in_proj_weight": (3 * width, width),
        "head.attention.in_proj_bias": (3 * width,),
        "head.attention.out_proj.weight": (width, width),
        "head.attention.out_proj.bias": (width,),
        "head.layernorm.weight": (width,),
        "head.layernorm.bias": (width,),
        "head.mlp.fc1.weight": (inner, width),
        "head.mlp.fc1.bias": (inner,),
        "head.mlp.fc2.weight": (width, inner),
        "head.mlp.fc2.bias": (width,),
    }


def expected_shapes(config: VisionConfig) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor the tower needs, by name."""
    width, inner = config.hidden_size, config.intermediate_size
    patch = (width, 3, config.patch_size, config.patch_size)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.patch_embedding.weight": patch,
        "embeddings.position_embedding.weight": (config.tokens, width),
        "post_layernorm.weight": (width,),
        "post_layernorm.bias": (width,),
    }
    if config.family is Family.CLIP:
        shapes["embeddings.class_embedding"] = (width,)
        shapes["pre_layrnorm.weight"] = shapes["pre_layrnorm.bias"] = (width,)
    else:
        shapes |= _siglip_shapes(width, inner)
    for i in range(config.num_hidden_layers):
        shapes |= _block_shapes(f"encoder.layers.{i}", width, inner)
    shapes = {PREFIX + name: shape for name, shape in shapes.items()}
    if config.family is Family.CLIP:
        shapes[PROJECTION] = (config.projection_dim, width)
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
