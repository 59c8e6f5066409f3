"""A labelled image set on disk: which image, which class, which source."""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from detector.evaluation import Label
from detector.manifest import IMAGE_SUFFIXES

MANIFEST = "manifest.csv"
REQUIRED_COLUMNS = frozenset({"path", "label"})


class DatasetError(ValueError):
    """A folder of labelled images cannot be used as it is; the message says what to change."""


@dataclass(frozen=True)
class LabelledImage:
    """One image. ``source`` is where it was collected: the unit of every split."""

    path: Path
    label: Label
    source: str
    split: str = "train"
    generator: str = ""

    @property
    def target(self) -> int:
        """1 for AI, 0 for real."""
        return int(self.label is Label.AI)


@dataclass(frozen=True)
class Dataset:
    """The images of a folder, in a stable order."""

    root: Path
    images: tuple[LabelledImage, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of all sources, sorted."""
        return tuple(sorted({image.source for image in self.images}))

    def digest(self) -> str:
        """Return a SHA-256 over paths, labels, sources and sizes, to know the data again."""
        lines = (
            f"{i.path.relative_to(self.root).as_posix()},{i.label.value},{i.source},"
            f"{i.path.stat().st_size}\n"
            for i in self.images
        )
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def _check(root: Path, images: Iterable[LabelledImage]) -> Dataset:
    listed = tuple(sorted(images, key=lambda image: image.path))
    counts = Counter(image.label for image in listed)
    for label in Label:
        if not counts[label]:
            raise DatasetError(
                f"{root} has no {label.value!r} images (found: "
                f"{', '.join(f'{n} {k.value}' for k, n in counts.items()) or 'no image at all'}); "
                "expected folders real/ and ai/, or a manifest.csv with columns path and label"
            )
    if missing := next((image.path for image in listed if not image.path.is_file()), None):
        raise DatasetError(f"{root / MANIFEST} names {missing}, which does not exist")
    for label in Label:
        if len({image.source for image in listed if image.label is label}) < 2:
            raise DatasetError(
                f"all {label.value!r} images of {root} are of one source, so nothing can be said "
                "about unseen sources; put each source's images in a folder of its own, as in "
                f"{label.value}/<source>/…, or name it in the column 'source' of manifest.csv"
            )
    return Dataset(root, listed)


def _from_manifest(root: Path) -> list[LabelledImage]:
    with (root / MANIFEST).open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        if lacking := REQUIRED_COLUMNS - set(reader.fieldnames or ()):
            raise DatasetError(f"{root / MANIFEST} lacks the columns {sorted(lacking)}")
        images = []
        for number, row in enumerate(reader, start=2):
            try:
                label = Label(row["label"].strip().lower())
            except ValueError:
                raise DatasetError(
                    f"{root / MANIFEST} line {number}: label {row['label']!r} is neither "
                    "'real' nor 'ai'"
                ) from None
            path = (root / row["path"]).resolve()
            if not path.is_relative_to(root):
                raise DatasetError(f"{root / MANIFEST} line {number}: path leads out of the folder")
            images.append(
                LabelledImage(
                    path=path,
                    label=label,
                    source=row.get("source") or row.get("source_repo") or "manifest",
                    split=row.get("split") or "train",
                    generator=row.get("generator") or "",
                )
            )
    return images


def _from_folders(root: Path) -> list[LabelledImage]:
    images = []
    for label in Label:
        base = root / label.value
        for path in base.rglob("*"):
            if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file():
                inner = path.relative_to(base).parts[:-1]
                source = inner[0] if inner else label.value
                images.append(LabelledImage(path, label, source, generator=source))
    return images


def load_dataset(root: Path) -> Dataset:
    """Read a folder with a ``manifest.csv``, or with ``real/<source>/…`` and ``ai/<source>/…``.

    The manifest's columns are ``path`` and ``label``, and, where known, ``source`` (or
    ``source_repo``), ``split`` and ``generator``; others are ignored.

    Raises
    ------
    DatasetError
        If a class or the sources are missing, or the manifest is wrong.
    """
    root = root.resolve()
    if not root.is_dir():
        raise DatasetError(f"{root} is not a folder")
    listed = _from_manifest(root) if (root / MANIFEST).is_file() else _from_folders(root)
    return _check(root, listed)
