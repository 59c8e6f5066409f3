"""A tiny encoder in the files that transformers writes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from tests.unit.training.tiny import CONFIG, tiny_weights
from training.vision import Family, VisionConfig

# Of transformers' own configuration, not of ours.
OURS = {"family", "interpolation", "projection_dim"}


def write_model(
    folder: Path, config: VisionConfig = CONFIG, *, seed: int = 0, resample: int | None = None
) -> Path:
    """Write configuration, half-precision weights with a text model's beside, and processor."""
    folder.mkdir(parents=True, exist_ok=True)
    kind = "clip" if config.family is Family.CLIP else "siglip"
    document: dict[str, Any] = {
        "model_type": kind,
        "vision_config": config.model_dump(exclude=OURS),
    }
    if config.family is Family.CLIP:
        document["projection_dim"] = config.projection_dim
    (folder / "config.json").write_text(json.dumps(document))
    if resample is not None:
        (folder / "preprocessor_config.json").write_text(json.dumps({"resample": resample}))
    state = {k: v.astype(np.float16) for k, v in tiny_weights(config, seed).state.items()}
    save_file({**state, "text_model.x": np.zeros(3)}, folder / "model.safetensors")
    return folder
