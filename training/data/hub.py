"""Finds the images of a dataset on the Hugging Face hub, streamed by the datasets library."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from detector.evaluation import Label
from detector.reason import ImageError, Reason
from training.data.extra import extra
from training.data.found import Found, FoundFile, fingerprint
from training.data.place import FOLDERS, SPLITS, DatasetError, Place


@dataclass(frozen=True)
class HubDataset:
    """Which dataset: ``owner/name``, or a local folder of Parquet or image files."""

    repo: str
    revision: str = ""
    config: str = ""

    @classmethod
    def parse(cls, text: str) -> "HubDataset":
        """Read ``owner/name[@revision][/config]``, or the path of a folder on disk.

        Raises
        ------
        DatasetError
            If it is neither.
        """
        if text and Path(text).is_dir():
            return cls(text)
        before, at, after = text.partition("@")
        if at:
            revision, _, config = after.partition("/")
            owner, _, name = before.partition("/")
        else:
            owner, _, rest = before.partition("/")
            name, _, config = rest.partition("/")
            revision = ""
        if not owner or not name or "/" in name:
            raise DatasetError(
                f"hub:{text} names no dataset; expected hub:owner/name[@revision][/config]"
            )
        return cls(f"{owner}/{name}", revision, config)


@dataclass(frozen=True)
class Columns:
    """Which columns hold what. Without ``label_column`` all images are of the class ``label``."""

    image: str = "image"
    label_column: str = ""
    label: Label | None = None
    words: Mapping[str, Label] = field(default_factory=dict)
    source_column: str = ""


def find_hub(dataset: HubDataset, columns: Columns) -> Found:
    """Find the images of a hub dataset; they are read as they are packed, and not kept.

    Raises
    ------
    DatasetError
        If it cannot be opened, or lacks a column.
    MissingPackageError
        If the datasets library is not installed.
    """
    where = f"hub:{dataset.repo}"
    library = extra("datasets", where)
    faults = (OSError, ValueError, RuntimeError, library.exceptions.DatasetsError)
    try:
        builder = library.load_dataset_builder(
            dataset.repo, dataset.config or None, revision=dataset.revision or None
        )
        splits = builder.as_streaming_dataset()
    except faults as error:
        raise DatasetError(
            f"{where} cannot be opened ({error}); check its name, configuration and revision, and "
            "that the hub is reachable"
        ) from error
    files = builder.config.data_files or {}
    lines = [str(dataset), str(columns)]
    for name in sorted(files):
        lines += [str(name), *map(str, files[name]), str(files[name].origin_metadata)]
    readers = [_reader(library, where, name, splits[name], columns) for name in sorted(splits)]

    def found() -> Iterator[FoundFile]:
        for reader in readers:
            yield from reader()

    revision = f"@{dataset.revision}" if dataset.revision else ""
    config = f"/{dataset.config}" if dataset.config else ""
    return Found(f"{where}{revision}{config}", fingerprint(lines), found)


def _reader(
    library: Any, where: str, split: str, rows: Any, columns: Columns
) -> Callable[[], Iterator[FoundFile]]:
    features = rows.features or {}
    wanted = [c for c in (columns.image, columns.label_column, columns.source_column) if c]
    if lacking := [c for c in wanted if c not in features]:
        raise DatasetError(
            f"{where} has no column {lacking[0]!r} but {', '.join(sorted(features)) or 'none'}; "
            "name it with --image-column, --label-column or --source-column"
        )
    if not columns.label_column and columns.label is None:
        raise DatasetError(
            f"{where}: say which class its images are with --label real or --label ai, or name "
            "the column that says it with --label-column"
        )
    # Kept as it was published: decoding and encoding it again would take its traces away.
    rows = rows.cast_column(columns.image, library.Image(decode=False)).select_columns(wanted)

    def files() -> Iterator[FoundFile]:
        for number, row in enumerate(rows):
            place = Place(
                _label(where, features, row, columns),
                _text(features, row, columns.source_column) or where.removeprefix("hub:"),
                SPLITS.get(split, ""),
            )
            yield _file(f"{split}/{number:08d}", place, row[columns.image] or {})

    return files


def _text(features: Any, row: dict[str, Any], column: str) -> str:
    if not column:
        return ""
    value = row[column]
    names = getattr(features[column], "names", None)
    return str(names[value]) if names and isinstance(value, int) and value >= 0 else str(value)


def _label(where: str, features: Any, row: dict[str, Any], columns: Columns) -> Label:
    if not columns.label_column:
        if columns.label is None:
            raise DatasetError(f"{where}: the class of its images is not known")
        return columns.label
    words = columns.words or FOLDERS
    text = _text(features, row, columns.label_column)
    try:
        return words[text.strip().lower()]
    except KeyError:
        raise DatasetError(
            f"{where}: {text!r} in column {columns.label_column!r} is no class that is known; say "
            f"what it means with --map {text}=real or --map {text}=ai"
        ) from None


def _file(name: str, place: Place, value: dict[str, Any]) -> FoundFile:
    data, path = value.get("bytes"), value.get("path")
    if data is not None:
        return FoundFile(name, place, lambda: bytes(data), len(data))
    if not path:
        return FoundFile(name, place, bytes, refusal=ImageError(Reason.EMPTY))

    def read() -> bytes:
        try:
            with extra("fsspec", "reading from the hub").open(path, "rb") as stream:
                return bytes(stream.read())
        except OSError as error:
            raise ImageError(Reason.READ_FAILED, str(error)) from error

    return FoundFile(name, place, read)
