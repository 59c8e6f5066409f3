"""What a person's path turns into."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from aidetect.source import SourceError, gather, new_prefix

NOW = datetime(2026, 11, 23, 10, 11, 12, tzinfo=UTC)


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a b.jpg"
    file.write_bytes(b"123")
    drop = gather(file, "intake/x/")
    assert [(u.key, u.size) for u in drop.uploads] == [("intake/x/a b.jpg", 3)]
    assert drop.size == 3


def test_a_folder_keeps_its_structure_and_every_type(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.jpg", "sub/notes.txt", "sub/é ü.png"):
        (tmp_path / name).write_bytes(b"x")
    drop = gather(tmp_path, "intake/x/")
    assert [u.key for u in drop.uploads] == [
        "intake/x/b.jpg",
        "intake/x/sub/notes.txt",
        "intake/x/sub/é ü.png",
    ]


def test_hidden_files_are_counted_not_dropped(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for name in ("a.jpg", ".DS_Store", ".git/config"):
        (tmp_path / name).write_bytes(b"x")
    drop = gather(tmp_path, "p/")
    assert [u.key for u in drop.uploads] == ["p/a.jpg"]
    assert drop.skipped == 2


def test_nothing_to_score(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        gather(tmp_path / "none", "p/")
    with pytest.raises(SourceError, match="holds no files"):
        gather(tmp_path, "p/")


def test_prefixes_differ() -> None:
    first, second = new_prefix(NOW), new_prefix(NOW)
    assert first != second
    assert first.startswith("intake/20261123-101112-")
    assert first.endswith("/")
