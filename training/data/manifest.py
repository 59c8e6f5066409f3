"""``manifest.csv``: one line per image, its class, and what else is known of it."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from detector.evaluation import Label
from training.data.place import DatasetError

MANIFEST = "manifest.csv"
REQUIRED_COLUMNS = frozenset({"path", "label"})
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ManifestRow:
    """One line, its values as they are written; ``where`` names it for messages."""

    where: str
    path: str
    label: Label
    source: str
    split: str
    generator: str
    licence: str
    sha256: str = ""

    @property
    def leads_out(self) -> bool:
        """Whether the path leaves the folder of the manifest."""
        path = PurePosixPath(self.path)
        return path.is_absolute() or ".." in path.parts


def read_manifest(lines: Iterable[str], where: str) -> Iterator[ManifestRow]:
    """Read a manifest: columns ``path`` and ``label``, and, where known, ``source`` (or
    ``source_repo``), ``split``, ``generator``, ``licence`` and ``sha256``; others are ignored.

    Parameters
    ----------
    lines
        Its lines.
    where
        What it is called in messages.

    Raises
    ------
    DatasetError
        If a column is missing, a label is none, or a hash is none.
    """
    reader = csv.DictReader(lines)
    try:
        if lacking := REQUIRED_COLUMNS - set(reader.fieldnames or ()):
            raise DatasetError(f"{where} lacks the columns {sorted(lacking)}")
        for number, row in enumerate(reader, start=2):
            yield _row(row, f"{where} line {number}")
    except (csv.Error, UnicodeDecodeError) as error:
        raise DatasetError(f"{where} is not a CSV file in UTF-8: {error}") from error


def _row(row: dict[str, str | None], where: str) -> ManifestRow:
    text = row["label"] or ""
    try:
        label = Label(text.strip().lower())
    except ValueError:
        raise DatasetError(f"{where}: label {text!r} is neither 'real' nor 'ai'") from None
    sha256 = (row.get("sha256") or "").strip().lower()
    if sha256 and not _SHA256.fullmatch(sha256):
        raise DatasetError(f"{where}: sha256 {sha256[:80]!r} is not 64 hexadecimal digits")
    return ManifestRow(
        where=where,
        path=row["path"] or "",
        label=label,
        source=row.get("source") or row.get("source_repo") or "manifest",
        split=row.get("split") or "",
        generator=row.get("generator") or "",
        licence=row.get("licence") or row.get("license") or "",
        sha256=sha256,
    )
