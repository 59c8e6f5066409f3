"""What a vision tower is: its family, shape and how it is shown images."""

from enum import StrEnum
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from detector.contract import Part
from detector.package import Preprocessing
from training.timm_config import perception_encoder
from training.weights_error import WeightsError

Array = npt.NDArray[np.float32]
PREFIX = "vision_model."
PROJECTION = "visual_projection.weight"
# Inception's normalisation, which SigLIP was trained with: pixels run over ±1.
CENTRED = (0.5, 0.5, 0.5)
# ImageNet's, which DINOv3 was trained with.
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
# Image.Resampling.BILINEAR, as preprocessor_config.json numbers it.
PILLOW_BILINEAR = 2


class Family(StrEnum):
    """Kinds of towers: of transformers' CLIP, SigLIP and DINOv3, of timm's Perception Encoder.

    MetaCLIP 2's vision tower is CLIP's.
    """

    CLIP = "clip"
    SIGLIP = "siglip"
    DINOV3 = "dinov3"
    PERCEPTION = "perception"


# What transformers' configurations leave out where it has its default.
DEFAULTS: dict[Family, dict[str, Any]] = {
    Family.CLIP: {},
    Family.SIGLIP: {
        "patch_size": 16,
        "hidden_act": "gelu_pytorch_tanh",
        "layer_norm_eps": 1e-6,
    },
    Family.DINOV3: {
        "hidden_size": 384,
        "intermediate_size": 1536,
        "num_attention_heads": 6,
        "patch_size": 16,
        "hidden_act": "gelu",
    },
}
FAMILIES = {
    "clip": Family.CLIP,
    "clip_vision_model": Family.CLIP,
    "metaclip_2": Family.CLIP,
    "metaclip_2_vision_model": Family.CLIP,
    "siglip": Family.SIGLIP,
    "siglip_vision_model": Family.SIGLIP,
    "dinov3_vit": Family.DINOV3,
}


class VisionConfig(Part):
    """Shape of a vision tower, as transformers' ``CLIPVisionConfig`` and its like have it.

    ``interpolation`` is how its images are resized, ``mean`` and ``std`` how they are normalised
    where its family does not say. ``num_register_tokens`` are DINOv3's, ``rope_theta`` of towers
    that turn queries and keys.
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
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None
    num_register_tokens: int = 0
    rope_theta: float = 100.0

    @property
    def grid(self) -> int:
        """Patches along one side."""
        return self.image_size // self.patch_size

    @property
    def before_patches(self) -> int:
        """Tokens that stand before the patches: the class token, which SigLIP lacks; registers."""
        return 0 if self.family is Family.SIGLIP else 1 + self.num_register_tokens

    @property
    def tokens(self) -> int:
        """Tokens of an image."""
        return self.grid**2 + self.before_patches

    @property
    def rotary(self) -> bool:
        """Whether queries and keys are turned by where their patch is."""
        return self.family in {Family.DINOV3, Family.PERCEPTION}

    @property
    def head_size(self) -> int:
        """Width of one attention head."""
        return self.hidden_size // self.num_attention_heads

    @property
    def embedding_size(self) -> int:
        """Width of the embedding; only CLIP projects its own further."""
        return self.projection_dim if self.family is Family.CLIP else self.hidden_size

    def norm_after(self, block: int) -> str:
        """Name the layer norm that reads the stream after a block, counted from 1.

        Inside the tower it is the next block's first: what was learnt for that depth.
        """
        whole = block == self.num_hidden_layers
        return "post_layernorm" if whole else f"encoder.layers.{block}.layer_norm1"

    @classmethod
    def from_transformers(
        cls, document: dict[str, Any], processor: dict[str, Any] | None = None
    ) -> Self:
        """Read a ``config.json`` of a model, or of its vision tower alone; also one of timm's.

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
        if "architecture" in document and "model_type" not in document:
            return cls.model_validate(perception_encoder(document))
        kind = document.get("model_type")
        family = FAMILIES.get(str(kind))
        if family is None:
            raise WeightsError(
                f"the model is of type {kind!r}; the ONNX tower is built for the vision towers of "
                f"{', '.join(sorted(FAMILIES))} (SigLIP 2 at a fixed resolution is a siglip) and "
                "timm's vit_pe_core, for example openai/clip-vit-base-patch16"
            )
        vision = document.get("vision_config", document)
        # In a composite model the projection's width stands outside the vision part.
        width = document.get("projection_dim", vision.get("projection_dim", 512))
        known = {
            **DEFAULTS[family],
            **vision,
            "family": family,
            "projection_dim": width,
            **_shown(processor or {}, family),
        }
        if known.get("use_gated_mlp"):
            raise WeightsError(
                "the model's perceptrons are gated, as those of DINOv3's ViT-H+ and ViT-7B, which "
                "the ONNX tower does not have; take facebook/dinov3-vitl16-pretrain-lvd1689m"
            )
        return cls.model_validate(known)


def _shown(processor: dict[str, Any], family: Family) -> dict[str, Any]:
    """Return how a model is shown images, from ``preprocessor_config.json``."""
    # DINOv3's own processor resizes so where the file does not say.
    asked = processor.get("resample", PILLOW_BILINEAR if family is Family.DINOV3 else None)
    found: dict[str, Any] = {
        "interpolation": "bilinear" if asked == PILLOW_BILINEAR else "bicubic",
        "mean": None,
        "std": None,
    }
    if family is Family.DINOV3:
        # Its towers for satellite images have another than those for photographs.
        found["mean"] = processor.get("image_mean", IMAGENET[0])
        found["std"] = processor.get("image_std", IMAGENET[1])
    return found


def preprocessing_of(config: VisionConfig, *, crops: bool = False) -> Preprocessing:
    """Return the preprocessing an encoder was trained with, at its own size, resized by SIMD.

    Parameters
    ----------
    config
        The encoder.
    crops
        Cut the centre at native resolution instead of resizing, which erases fine traces.
    """
    clip = config.family is Family.CLIP
    normal: dict[Family, dict[str, Any]] = {
        Family.CLIP: {},
        Family.SIGLIP: {"mean": CENTRED, "std": CENTRED},
        Family.DINOV3: {"mean": config.mean or IMAGENET[0], "std": config.std or IMAGENET[1]},
        Family.PERCEPTION: {"mean": CENTRED, "std": CENTRED},
    }
    values = {"resizer": "simd", **normal[config.family]}
    if crops:
        return Preprocessing(kind="native_crop", size=config.image_size, **values)
    kind = "resize_center_crop" if clip else "resize_square"
    way = "bicubic" if clip else config.interpolation
    return Preprocessing(kind=kind, size=config.image_size, interpolation=way, **values)
