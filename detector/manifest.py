"""The manifest: the images of a batch, one JSON line each, after a header line."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import PurePosixPath
from typing import ClassVar

from pydantic import Field

from detector.contract import Contract, ContractError, Part
from detector.json_text import read_json
from detector.reason import Reason
from detector.uri import S3Uri

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp", ".gif", ".bmp", ".dib"}
    | {".tif", ".tiff", ".avif"}
)
ARCHIVE_SUFFIXES = frozenset({".tar", ".zip"})


class Kind(StrEnum):
    """What an object is read as."""

    IMAGE = "image"
    ARCHIVE = "archive"


class ManifestHeader(Contract):
    """First line of a manifest. Holds no time, so that equal content gives an equal hash."""

    SCHEMA: ClassVar[str] = "aidetect.manifest/1"

    origin: str = "intake"


class ManifestEntry(Part):
    """One object to score.

    ``etag``, ``version`` and ``sequencer`` tell two uploads of one key apart. ``reject`` is set
    when intake already knows that the object is no image: it becomes an error row unread.
    """

    bucket: str
    key: str
    size: int | None = Field(default=None, ge=0)
    etag: str | None = None
    version: str | None = None
    sequencer: str | None = None
    kind: Kind = Kind.IMAGE
    reject: Reason | None = None

    @property
    def uri(self) -> S3Uri:
        """Where the object lies."""
        return S3Uri(self.bucket, self.key)

    def dumps(self) -> str:
        """Return the entry as one JSON line, without its newline."""
        return self.model_dump_json(exclude_defaults=True)


def classify(key: str) -> tuple[Kind, Reason | None]:
    """Tell by its name how an object is to be read, and whether it is refused unread.

    A name without a suffix is read as an image, since content-addressed names have none; what the
    bytes are is decided by the decoder in any case.
    """
    suffix = PurePosixPath(key).suffix.lower()
    if suffix in ARCHIVE_SUFFIXES:
        return Kind.ARCHIVE, None
    if suffix == "" or suffix in IMAGE_SUFFIXES:
        return Kind.IMAGE, None
    return Kind.IMAGE, Reason.UNSUPPORTED


def write_lines(entries: Iterable[ManifestEntry], *, origin: str = "intake") -> Iterator[str]:
    """Yield the manifest's lines, newline included, header first."""
    yield ManifestHeader(origin=origin).dumps() + "\n"
    for entry in entries:
        yield entry.dumps() + "\n"


def parse_entry(line: str | bytes, *, where: str = "manifest") -> ManifestEntry:
    """Read one entry line.

    Raises
    ------
    ContractError
        If the line is not an entry.
    """
    try:
        return ManifestEntry.model_validate(read_json(line))
    except ValueError as error:
        raise ContractError(f"{where}: not a manifest entry: {error}") from error


def read_lines(lines: Iterable[str | bytes], *, where: str = "manifest") -> Iterator[ManifestEntry]:
    """Read a whole manifest, checking its header.

    Raises
    ------
    ContractError
        If the header is missing or of another version, or a line is not an entry.
    """
    iterator = iter(lines)
    first = next(iterator, None)
    if first is None:
        raise ContractError(f"{where} is empty; expected a {ManifestHeader.SCHEMA} header line")
    ManifestHeader.parse(first, where=where)
    for number, line in enumerate(iterator, start=2):
        yield parse_entry(line, where=f"{where} line {number}")
