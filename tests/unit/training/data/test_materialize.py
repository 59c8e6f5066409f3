"""Materialising: every image once, every hash checked, gone on with after a stop."""

import hashlib
from pathlib import Path

import pytest

from tests.unit.training.data.pictures import labelled, packed_at
from training.data import materialize as module
from training.data.catalog import CATALOG_FILE, CatalogEntry, read_catalog
from training.data.folder import find_folder
from training.data.materialize import DamagedDatasetError, DiskError, materialize
from training.data.pack import Packed, Packing
from training.storage import LocalStorage, MissingFileError


@pytest.fixture
def packed(tmp_path: Path) -> Packed:
    return packed_at(tmp_path, find_folder(labelled(tmp_path / "in")), Packing(max_images=5))


def entries_of(packed: Packed) -> tuple[CatalogEntry, ...]:
    return tuple(read_catalog(packed.storage.read(CATALOG_FILE)))


class Counting(LocalStorage):
    """Counts what is downloaded."""

    downloads: list[str] = []  # noqa: RUF012

    def download(self, name: str, path: Path) -> None:
        self.downloads.append(name)
        super().download(name, path)


@pytest.fixture
def counting(packed: Packed) -> Counting:
    Counting.downloads.clear()
    return Counting(Path(packed.storage.uri))


def test_all_images_are_there(packed: Packed, counting: Counting, tmp_path: Path) -> None:
    entries, told = entries_of(packed)[::-1], list[tuple[int, int]]()
    images = materialize(
        counting, entries, tmp_path / "out", progress=lambda d, t: told.append((d, t))
    )
    for image, entry in zip(images, entries, strict=True):
        assert hashlib.sha256(image.path.read_bytes()).hexdigest() == entry.sha256
        assert (image.label, image.source, image.split, image.generator) == (
            entry.label, entry.source, entry.split, entry.generator,
        )  # fmt: skip
    assert told == [(n, 24) for n in range(25)]
    assert sorted(counting.downloads) == [s.file for s in packed.record.shards]
    assert len(list((tmp_path / "out").iterdir())) == 24


def test_only_the_tars_of_the_images_are_read(
    packed: Packed, counting: Counting, tmp_path: Path
) -> None:
    materialize(counting, entries_of(packed)[:6], tmp_path / "out")
    assert counting.downloads == ["shard-00000.tar", "shard-00001.tar"]


def test_what_is_there_stays_and_what_is_damaged_comes_again(
    packed: Packed, counting: Counting, tmp_path: Path
) -> None:
    entries = entries_of(packed)
    images = materialize(counting, entries, tmp_path / "out")
    counting.downloads.clear()
    materialize(counting, entries, tmp_path / "out")
    assert not counting.downloads
    whole = images[7].path.read_bytes()
    images[7].path.write_bytes(whole[::-1])
    images[8].path.write_bytes(whole[:10])
    materialize(counting, entries, tmp_path / "out")
    assert counting.downloads == ["shard-00001.tar"]
    assert images[7].path.read_bytes() == whole


def test_a_stop_keeps_what_was_done(packed: Packed, counting: Counting, tmp_path: Path) -> None:
    entries, calls = entries_of(packed), iter(range(1000))

    def check() -> None:
        if next(calls) == 24 + 7:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        materialize(counting, entries, tmp_path / "out", check=check)
    assert len(list((tmp_path / "out").iterdir())) == 7
    counting.downloads.clear()
    materialize(counting, entries, tmp_path / "out")
    assert "shard-00000.tar" not in counting.downloads


def test_damage_is_found(packed: Packed, tmp_path: Path) -> None:
    entries = entries_of(packed)
    tar = Path(packed.storage.uri) / "shard-00001.tar"
    data = bytearray(tar.read_bytes())
    data[entries[6].offset + 5] ^= 1
    tar.write_bytes(data)
    with pytest.raises(DamagedDatasetError, match=r"shard-00001.tar is not the file"):
        materialize(packed.storage, entries, tmp_path / "out")
    wrong = entries[0].model_copy(update={"offset": entries[0].offset + 1})
    with pytest.raises(DamagedDatasetError, match=f"does not hold {wrong.sha256} at byte 513"):
        materialize(packed.storage, (wrong,), tmp_path / "other")
    unknown = entries[0].model_copy(update={"shard": "shard-00099.tar"})
    with pytest.raises(DamagedDatasetError, match=r"shard-00099.tar, which is not in the record"):
        materialize(packed.storage, (unknown,), tmp_path / "other")
    tar.unlink()
    with pytest.raises(MissingFileError):
        materialize(packed.storage, entries, tmp_path / "out")
    assert not list((tmp_path / "out").glob(".part-*"))


def test_a_full_disk_is_told_before_anything_is_read(
    packed: Packed, counting: Counting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SPARE_BYTES", 1 << 60)
    with pytest.raises(DiskError, match="give the job a larger disk, or train on fewer"):
        materialize(counting, entries_of(packed), tmp_path / "out")
    assert not counting.downloads
