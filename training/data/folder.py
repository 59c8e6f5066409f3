"""Finds labelled images in a folder on disk."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from detector.evaluation import Label
from detector.reason import ImageError, Reason
from training.data.found import (
    Found,
    FoundFile,
    fingerprint,
    held_to,
    is_hidden,
    refusal_by_name,
)
from training.data.manifest import MANIFEST, ManifestRow, read_manifest
from training.data.place import DatasetError, Place, place_of, split_of

EXPECTED = (
    "expected folders real/<source>/… and ai/<generator>/…, or a manifest.csv with columns path "
    "and label"
)


def find_folder(
    root: Path, *, folders: dict[str, Label] | None = None, label: Label | None = None
) -> Found:
    """Find the images of a folder: by its ``manifest.csv``, or by the folders inside.

    Parameters
    ----------
    folders
        Which folder names a class; ``real`` and ``ai`` by default.
    label
        The class of all files, where the folders name none.

    Raises
    ------
    DatasetError
        If it is no folder, or its manifest is wrong.
    """
    root = root.resolve()
    if not root.is_dir():
        raise DatasetError(f"{root} is not a folder")
    if (root / MANIFEST).is_file():
        with (root / MANIFEST).open(newline="", encoding="utf-8") as stream:
            rows = list(read_manifest(stream, str(root / MANIFEST)))
        files = [_listed(root, row) for row in rows]
    else:
        files = [file for file in _walk(root, folders, label) if file is not None]
    lines = (f"{f.name}\0{f.place}\0{f.size}\0{_changed(root / f.name)}" for f in files)
    return Found(str(root), fingerprint(lines), lambda: iter(files), len(files))


def _walk(
    root: Path, folders: dict[str, Label] | None, label: Label | None
) -> Iterator[FoundFile | None]:
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and not is_hidden(name):
            place = place_of(name, folders)
            if place is None and label is not None:
                inner = Path(name).parts[:-1]
                place = Place(label, inner[0] if inner else root.name)
            yield None if place is None else _file(root, name, place, refusal_by_name(path.name))


def _listed(root: Path, row: ManifestRow) -> FoundFile:
    if row.leads_out:
        raise DatasetError(f"{row.where}: path leads out of the folder")
    if not (root / row.path).is_file():
        raise DatasetError(f"{row.where} names {root / row.path}, which does not exist")
    split = split_of(row.split, row.where)
    place = Place(row.label, row.source, split, row.generator, row.licence)
    file = _file(root, row.path, place)
    return replace(file, read=held_to(file.read, row.sha256))


def _file(root: Path, name: str, place: Place, refusal: ImageError | None = None) -> FoundFile:
    path = root / name
    if not path.resolve().is_relative_to(root):
        refusal = ImageError(Reason.UNSAFE_NAME, "a link that leads out of the folder")

    def read() -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise ImageError(Reason.READ_FAILED, str(error.strerror)) from error

    return FoundFile(name, place, read, path.stat().st_size, refusal)


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns
