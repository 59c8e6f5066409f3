"""The catalog of a packed dataset: one line per image, and the record of the whole."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from pydantic import Field

from detector.contract import Contract, ContractError, Part
from detector.evaluation import Label
from detector.json_text import read_json

RECORD_FILE = "dataset.json"
CATALOG_FILE = "catalog.jsonl"
# Splits: learnt from, or kept to judge the result. Never both for one source.
TRAIN, TEST = "train", "test"


class CatalogEntry(Part):
    """One image. ``source`` is where it was collected, the unit of every split.

    Its bytes are ``bytes`` long and begin at ``offset`` of the uncompressed tar ``shard``.
    ``split`` is empty where the dataset leaves it open. ``held`` marks images of train that a tuned
    recipe does not learn from, but is calibrated on. ``quantisation`` is the mean of a JPEG's
    tables.
    """

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    label: Label
    source: str
    split: str = TRAIN
    generator: str = ""
    name: str = ""
    licence: str = ""
    format: str = ""
    width: int = 0
    height: int = 0
    bytes: int = 0
    phash: str = ""
    shard: str = ""
    offset: int = 0
    held: bool = False
    quantisation: float = 0.0
    exif: bool = False


class ShardFile(Part):
    """One tar of the dataset."""

    file: str
    sha256: str
    bytes: int
    images: int


class DatasetRecord(Contract):
    """``dataset.json``, written last: a dataset without it is not whole."""

    SCHEMA: ClassVar[str] = "aidetect.dataset/1"

    name: str
    digest: str
    created_at: str
    origin: str
    licence: str = ""
    images: int
    bytes: int
    shards: tuple[ShardFile, ...]
    # Files that are no images or could not be read: name and reason, at most 1,000 of them.
    rejected: tuple[tuple[str, str], ...] = ()
    rejected_count: int = 0
    # How many files were rejected by reason, and how many were exact copies and so left out.
    reasons: dict[str, int] = Field(default_factory=dict)
    duplicates: int = 0


def write_catalog(entries: Iterable[CatalogEntry]) -> bytes:
    """Return the catalog as JSON lines."""
    return "".join(e.model_dump_json(exclude_defaults=True) + "\n" for e in entries).encode()


def read_catalog(data: bytes, *, where: str = CATALOG_FILE) -> Iterator[CatalogEntry]:
    """Read the catalog.

    Raises
    ------
    ContractError
        If a line is not an entry.
    """
    for number, line in enumerate(data.splitlines(), start=1):
        try:
            yield CatalogEntry.model_validate(read_json(line))
        except ValueError as error:
            raise ContractError(f"{where} line {number} is not a catalog entry: {error}") from error
