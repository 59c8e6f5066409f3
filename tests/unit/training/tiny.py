"""Vision towers small enough for a test, and labelled pictures made on the spot."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from safetensors.numpy import save as save_tensors

from training.vision import Family, VisionConfig, VisionWeights, expected_shapes

CONFIG = VisionConfig(
    hidden_size=64,
    intermediate_size=128,
    num_hidden_layers=3,
    num_attention_heads=4,
    image_size=32,
    patch_size=8,
    projection_dim=24,
)
SIGLIP = CONFIG.model_copy(
    update={
        "family": Family.SIGLIP,
        "projection_dim": 512,  # which it does not have
        "hidden_act": "gelu_pytorch_tanh",
        "layer_norm_eps": 1e-6,
    }
)
DINOV3 = CONFIG.model_copy(
    update={
        "family": Family.DINOV3,
        "projection_dim": 512,  # which it does not have
        "hidden_act": "gelu",
        "interpolation": "bilinear",
        "num_register_tokens": 4,
        "mean": (0.485, 0.456, 0.406),
        "std": (0.229, 0.224, 0.225),
    }
)
PERCEPTION = CONFIG.model_copy(
    update={
        "family": Family.PERCEPTION,
        "projection_dim": 512,  # which it does not have
        "hidden_act": "gelu",
        "interpolation": "bilinear",
        "rope_theta": 10_000.0,
    }
)


def tiny_weights(config: VisionConfig = CONFIG, seed: int = 0) -> VisionWeights:
    """Make random weights with outlier channels, as trained transformers have them."""
    rng = np.random.default_rng(seed)
    state = {}
    for name, shape in expected_shapes(config).items():
        value = rng.normal(0, 0.08, shape)
        if name.endswith(("norm1.weight", "norm2.weight")):
            value[3] = 12.0
        state[name] = value.astype(np.float32)
    return VisionWeights(
        config=config, state=state, name="tiny", source="test:tiny", sha256="a" * 64
    )


def encoder_files(config: VisionConfig = CONFIG) -> dict[str, bytes]:
    """Return a tiny encoder as a user would bring one: the files of its folder."""
    document = {"model_type": "clip_vision_model", **config.model_dump(mode="json")}
    return {
        "config.json": json.dumps(document).encode(),
        "model.safetensors": save_tensors(tiny_weights(config).state),
    }


def write_encoder(folder: Path) -> str:
    """Write a tiny encoder's folder; return it as an encoder is named."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in encoder_files().items():
        (folder / name).write_bytes(data)
    return f"{folder}/"


def make_images(root: Path, per_source: int = 6, sources: Sequence[str] = ("one", "two")) -> Path:
    """Write sources of each class, by default two: smooth pictures are "ai", noisy ones "real"."""
    rng = np.random.default_rng(1)
    for label in ("real", "ai"):
        for source in sources:
            folder = root / label / f"{label}-{source}"
            folder.mkdir(parents=True)
            for number in range(per_source):
                image = Image.fromarray(rng.integers(0, 256, (90, 120, 3), dtype=np.uint8))
                if label == "ai":
                    image = image.filter(ImageFilter.GaussianBlur(3))
                image.save(folder / f"{number}.png")
    return root
