"""A labelled image set on disk: which image, which class, which source."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from detector.evaluation import Label
from detector.manifest import IMAGE_SUFFIXES
from training.data.manifest import MANIFEST, read_manifest
from training.data.place import DatasetError, place_of

__all__ = ["Dataset", "DatasetError", "LabelledImage", "load_dataset"]


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

    def without(self, sources: Sequence[str]) -> "Dataset":
        """Return the set without some sources.

        Raises
        ------
        DatasetError
            If it has none of such a name, or lacks a class without them.
        """
        if unknown := sorted(set(sources) - set(self.sources)):
            raise DatasetError(
                f"{self.root} has no source {unknown[0]!r}; it has {', '.join(self.sources)}"
            )
        return _check(self.root, (i for i in self.images if i.source not in sources))

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
        images = []
        for row in read_manifest(stream, str(root / MANIFEST)):
            path = (root / row.path).resolve()
            if not path.is_relative_to(root):
                raise DatasetError(f"{row.where}: path leads out of the folder")
            images.append(
                LabelledImage(path, row.label, row.source, row.split or "train", row.generator)
            )
    return images


def _from_folders(root: Path) -> list[LabelledImage]:
    images = []
    for label in Label:
        for path in (root / label.value).rglob("*"):
            if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file():
                place = place_of(path.relative_to(root).as_posix())
                if place is not None:
                    images.append(
                        LabelledImage(path, label, place.source, generator=place.generator)
                    )
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
