"""A storage with folders that lie elsewhere."""

from pathlib import Path

import pytest

from training.sagemaker.overlay import OverlayStorage
from training.storage import LocalStorage


@pytest.fixture
def overlay(tmp_path: Path) -> OverlayStorage:
    folders = {"prepared": LocalStorage(tmp_path / "channel")}
    return OverlayStorage(LocalStorage(tmp_path / "rest"), folders)


def test_a_folders_files_lie_elsewhere(overlay: OverlayStorage, tmp_path: Path) -> None:
    overlay.write("prepared/catalog.jsonl", b"1")
    overlay.write("prepared.json", b"2")
    overlay.write("stages/train.json", b"3", content_type="application/json")
    assert (tmp_path / "channel" / "catalog.jsonl").read_bytes() == b"1"
    assert LocalStorage(tmp_path / "rest").names() == ["prepared.json", "stages/train.json"]
    assert overlay.read("prepared/catalog.jsonl") == b"1"
    assert overlay.exists("prepared/catalog.jsonl")
    assert not overlay.exists("catalog.jsonl")
    overlay.upload("prepared/copy", tmp_path / "channel" / "catalog.jsonl")
    overlay.download("prepared/copy", tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == b"1"
    overlay.delete("prepared/copy")
    assert not (tmp_path / "channel" / "copy").exists()
    assert overlay.uri == str(tmp_path / "rest")


def test_names_are_those_of_both(overlay: OverlayStorage) -> None:
    overlay.write("prepared/a/one", b"")
    overlay.write("prepared/two", b"")
    overlay.write("stages/train.json", b"")
    # Hidden by the folder that lies elsewhere.
    overlay.rest.write("prepared/old", b"")
    assert overlay.names() == ["prepared/a/one", "prepared/two", "stages/train.json"]
    assert overlay.names("prepared/a") == ["prepared/a/one"]
    assert overlay.names("prep") == ["prepared/a/one", "prepared/two"]
    assert overlay.names("st") == ["stages/train.json"]


def test_children(overlay: OverlayStorage) -> None:
    overlay.write("prepared/a/one", b"1")
    overlay.write("stages/x", b"2")
    assert overlay.child("prepared").read("a/one") == b"1"
    assert overlay.child("prepared/a/").read("one") == b"1"
    assert overlay.child("stages").read("x") == b"2"
