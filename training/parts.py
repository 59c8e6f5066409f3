"""Features kept in a storage as a few large files, so that nothing is written per image.

Each part holds the class tokens of some images: one tensor [n, T, hidden] a variant, and in its
metadata whose they are. Parts are only ever added; a run that stops goes on after its last part.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from training.storage import Storage
from training.vision import Array

# A quarter of a minute's work on two cores for ViT-B/16: what a stopped job loses at most.
PART_IMAGES = 64
# safetensors puts the length of its JSON header into the first eight bytes.
# https://github.com/huggingface/safetensors#format
_LENGTH = 8


def _owners(data: bytes) -> dict[str, list[str]]:
    header = json.loads(data[_LENGTH : _LENGTH + int.from_bytes(data[:_LENGTH], "little")])
    owners: dict[str, list[str]] = json.loads(header["__metadata__"]["owners"])
    return owners


class FeatureParts:
    """Features in a storage; the same calls as :class:`training.features.FeatureStore`.

    Parameters
    ----------
    storage
        Where the parts lie: a folder for one encoder, set of layers, and dataset.
    layers
        Blocks whose class token is kept.
    part_images
        Images of one part.
    """

    def __init__(
        self, storage: Storage, layers: tuple[int, ...], part_images: int = PART_IMAGES
    ) -> None:
        self.storage, self.layers, self.part_images = storage, layers, part_images
        self._known: dict[tuple[str, str], Array] = {}
        self._fresh: dict[tuple[str, str], Array] = {}
        self._names = storage.names("part-")
        for name in self._names:
            self._load(storage.read(name))

    def _load(self, data: bytes) -> None:
        tensors = load_tensors(data)
        for variant, owners in _owners(data).items():
            rows = tensors[variant]
            if rows.shape[0] == len(owners) and rows.shape[1] == len(self.layers):
                for sha256, row in zip(owners, rows, strict=True):
                    self._known[sha256, variant] = row

    def get(self, sha256: str, variant: str) -> Array | None:
        """Return one image's features, float32 [T, hidden], or nothing when absent."""
        return self._known.get((sha256, variant))

    def put(self, sha256: str, features: Mapping[str, Array]) -> None:
        """Keep one image's features, each float32 [T, hidden]."""
        for variant, value in features.items():
            self._known[sha256, variant] = self._fresh[sha256, variant] = value
        if len({image for image, _ in self._fresh}) >= self.part_images:
            self.flush()

    def flush(self) -> None:
        """Write what is not written yet."""
        if not self._fresh:
            return
        tensors: dict[str, Any] = {}
        owners: dict[str, list[str]] = {}
        for variant in dict.fromkeys(str(variant) for _, variant in self._fresh):
            mine = {s: value for (s, v), value in self._fresh.items() if v == variant}
            tensors[variant] = np.stack(list(mine.values()))
            owners[variant] = list(mine)
        first = min(image for image, _ in self._fresh)
        name = f"part-{len(self._names):05d}-{first[:12]}.safetensors"
        self.storage.write(name, bytes(save_tensors(tensors, {"owners": json.dumps(owners)})))
        self._names.append(name)
        self._fresh.clear()
