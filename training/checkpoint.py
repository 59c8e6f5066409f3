"""A vision tower read from the files that transformers writes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from training import dinov3_names, perception_names
from training.vision import PREFIX, PROJECTION, Array, Family, VisionConfig, WeightsError

CONFIG_FILE = "config.json"
PROCESSOR_FILE = "preprocessor_config.json"
TENSORS_FILE = "model.safetensors"
# How a tower's names begin that was saved alone, without the model around it.
BARE = ("embeddings.", "encoder.", "pre_layrnorm.", "post_layernorm.", "head.")
# Towers whose tensors have other names.
RENAMED = {
    Family.DINOV3: dinov3_names.renamed,
    Family.PERCEPTION: perception_names.renamed,
}


def _document(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise WeightsError(f"{path} is not JSON ({error}); delete it and try again") from error
    if not isinstance(document, dict):
        raise WeightsError(f"{path} is not a model's configuration")
    return document


def read_config(config: Path, processor: Path | None = None) -> VisionConfig:
    """Read a configuration, and from its processor's file how images are resized.

    Raises
    ------
    WeightsError
        If the model is of another kind.
    """
    return VisionConfig.from_transformers(_document(config), _document(processor))


def read_tensors(path: Path, config: VisionConfig) -> dict[str, Array]:
    """Read a safetensors file's vision tower, as float32.

    Raises
    ------
    WeightsError
        If the file is damaged.
    """
    renamed = RENAMED.get(config.family)
    state: dict[str, Array] = {}
    try:
        with safe_open(path, framework="numpy") as file:
            for name in file.keys():  # noqa: SIM118 - not a dict
                full = PREFIX + name if name.startswith(BARE) and not renamed else name
                if renamed or full.startswith(PREFIX) or full == PROJECTION:
                    state[full] = np.ascontiguousarray(file.get_tensor(name), dtype=np.float32)
    except SafetensorError as error:
        raise WeightsError(f"{path} is damaged ({error}); delete it and try again") from error
    return renamed(state, config) if renamed else state
