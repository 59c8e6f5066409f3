"""Configurations as timm writes them: an architecture by its name, and what departs from it."""

from typing import Any

from training.weights_error import WeightsError

# By architecture: width, blocks, heads, patch and image size (timm/models/eva.py). The gigantic one
# has no class token, and those of PE-Lang and PE-Spatial end before the features a head reads.
PERCEPTION = {
    "vit_pe_core_tiny_patch16_384": (192, 12, 3, 16, 384),
    "vit_pe_core_small_patch16_384": (384, 12, 6, 16, 384),
    "vit_pe_core_base_patch16_224": (768, 12, 12, 16, 224),
    "vit_pe_core_large_patch14_336": (1024, 24, 16, 14, 336),
}
PARTS = ("embed_dim", "depth", "num_heads", "patch_size", "img_size")
MLP_RATIO = 4


def perception_encoder(document: dict[str, Any]) -> dict[str, Any]:
    """Return a Perception Encoder's configuration (Bolya et al. 2025, arXiv:2504.13181) as ours.

    Its images are resized to a square bilinearly, as its authors did while training
    (core/vision_encoder/transforms.py of facebookresearch/perception_models), whatever timm says.

    Raises
    ------
    WeightsError
        If it is another architecture.
    """
    name = document["architecture"]
    if name not in PERCEPTION:
        raise WeightsError(
            f"the model is timm's {name!r}; of these the ONNX tower is built for "
            f"{', '.join(PERCEPTION)}, for example timm/vit_pe_core_large_patch14_336.fb"
        )
    made = dict(zip(PARTS, PERCEPTION[name], strict=True)) | document.get("model_args", {})
    return {
        "family": "perception",
        "hidden_size": made["embed_dim"],
        "intermediate_size": MLP_RATIO * made["embed_dim"],
        "num_hidden_layers": made["depth"],
        "num_attention_heads": made["num_heads"],
        "patch_size": made["patch_size"],
        "image_size": made["img_size"],
        "hidden_act": "gelu",
        "rope_theta": 10_000.0,
        "interpolation": "bilinear",
    }
