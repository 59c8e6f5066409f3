"""The files a person wants scored, and the keys they are uploaded to."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aidetect.errors import AidetectError
from detector.layout import INTAKE_PREFIX


class SourceError(AidetectError, ValueError):
    """There is nothing to score at a path."""


@dataclass(frozen=True)
class Upload:
    """One file and the key it goes to."""

    path: Path
    key: str
    size: int


@dataclass(frozen=True)
class Drop:
    """Files uploaded together under one prefix of the intake bucket."""

    prefix: str
    uploads: tuple[Upload, ...]
    skipped: int = 0

    @property
    def size(self) -> int:
        """Total bytes."""
        return sum(u.size for u in self.uploads)


def _visible(folder: Path) -> Iterator[tuple[Path, bool]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, not any(part.startswith(".") for part in path.relative_to(folder).parts)


def new_prefix(now: datetime) -> str:
    """Return a prefix of its own for one drop."""
    return f"{INTAKE_PREFIX}{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}/"


def gather(path: Path, prefix: str) -> Drop:
    """Collect a file, or every file below a folder but the hidden ones.

    Nothing is left out for its type: whatever is dropped gets a row that says what it was.

    Raises
    ------
    SourceError
        If the path does not exist or holds no file.
    """
    if path.is_file():
        return Drop(prefix, (Upload(path, prefix + path.name, path.stat().st_size),))
    if not path.is_dir():
        raise SourceError(f"{path} does not exist; name an image, a folder, or s3://bucket/prefix")
    files = list(_visible(path))
    uploads = tuple(
        Upload(file, prefix + file.relative_to(path).as_posix(), file.stat().st_size)
        for file, visible in files
        if visible
    )
    if not uploads:
        raise SourceError(f"{path} holds no files; name a folder with images in it")
    return Drop(prefix, uploads, len(files) - len(uploads))
