"""Features in a few large files: found again, resumed, and never one file an image."""

from pathlib import Path

import numpy as np
import pytest

from training.degrade import Variant
from training.parts import FeatureParts
from training.storage import LocalStorage

LAYERS = (2, 3)
HASHES = [f"{n:064x}" for n in range(5)]


def row(number: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.full((2, 8), number, np.float32)


def fill(parts: FeatureParts, hashes: list[str]) -> None:
    for sha256 in hashes:
        number = int(sha256, 16)
        parts.put(sha256, {Variant.CLEAN: row(number), Variant.HARD: row(-number)})


def test_what_was_kept_is_found_again_in_few_files(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    parts = FeatureParts(storage, LAYERS, part_images=2)
    fill(parts, HASHES)
    parts.flush()
    assert len(storage.names()) == 3
    again = FeatureParts(storage, LAYERS)
    for sha256 in HASHES:
        for variant, sign in ((Variant.CLEAN, 1), (Variant.HARD, -1)):
            found = again.get(sha256, variant)
            assert found is not None
            np.testing.assert_array_equal(found, row(sign * int(sha256, 16)))
    assert again.get(HASHES[0], Variant.WEB) is None


def test_a_stopped_run_loses_at_most_one_part(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    fill(FeatureParts(storage, LAYERS, part_images=2), HASHES[:3])  # never flushed
    again = FeatureParts(storage, LAYERS, part_images=2)
    assert again.get(HASHES[1], Variant.CLEAN) is not None
    assert again.get(HASHES[2], Variant.CLEAN) is None
    fill(again, HASHES[2:])
    again.flush()
    last = FeatureParts(storage, LAYERS)
    assert all(last.get(sha256, Variant.CLEAN) is not None for sha256 in HASHES)


def test_images_may_lack_a_variant(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    parts = FeatureParts(storage, LAYERS)
    parts.put(HASHES[0], {Variant.CLEAN: row(1)})
    parts.put(HASHES[1], {Variant.WEB: row(2)})
    parts.flush()
    parts.flush()
    again = FeatureParts(storage, LAYERS)
    assert again.get(HASHES[0], Variant.WEB) is None
    found = again.get(HASHES[1], Variant.WEB)
    assert found is not None
    assert found[0, 0] == 2
    assert len(storage.names()) == 1


@pytest.mark.parametrize("layers", [(1,), (1, 2, 3)])
def test_features_of_other_layers_are_not_taken(tmp_path: Path, layers: tuple[int, ...]) -> None:
    fill(FeatureParts(LocalStorage(tmp_path), LAYERS, part_images=1), HASHES[:1])
    assert FeatureParts(LocalStorage(tmp_path), layers).get(HASHES[0], Variant.CLEAN) is None
