"""What the prepare stage hands to the stages after it."""

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from detector.contract import Contract, Part
from detector.evaluation import Label
from training.data.catalog import CATALOG_FILE, CatalogEntry, read_catalog
from training.storage import Storage

FOLDER = "prepared"
PREPARED_FILE = "prepared.json"
AUDIT_FILE = "audit.json"
PAGE_FILE = "audit.html"


class SplitCount(Part):
    """The images of one class in one split; ``held`` of them are for calibrating tuned recipes."""

    split: str
    label: Label
    images: int
    bytes: int
    sources: tuple[str, ...]
    held: int = 0


class Prepared(Contract):
    """``prepared/prepared.json``, written last: the dataset of a run, checked and split."""

    SCHEMA: ClassVar[str] = "aidetect.prepared/1"

    run: str
    dataset: str
    digest: str
    name: str
    images: int
    bytes: int
    counts: tuple[SplitCount, ...]
    sources: tuple[str, ...]
    held: tuple[str, ...] = ()
    given_split: bool = False
    near_duplicates: int = 0
    encoder: str = ""
    warnings: tuple[str, ...] = ()

    def said(self) -> dict[str, str]:
        """Return what is worth telling of it, in words."""
        counts = {
            f"{count.split} {count.label.value}": f"{count.images} images of "
            f"{len(count.sources)} sources"
            for count in self.counts
        }
        return {
            "dataset": self.dataset,
            "digest": self.digest[:16],
            "images": str(self.images),
            **counts,
            "near-duplicates left out": str(self.near_duplicates),
            "warnings": str(len(self.warnings)),
        }


def counted(entries: Sequence[CatalogEntry]) -> tuple[SplitCount, ...]:
    """Count entries by split and class."""
    groups: dict[tuple[str, Label], list[CatalogEntry]] = {}
    for entry in entries:
        groups.setdefault((entry.split, entry.label), []).append(entry)
    return tuple(
        SplitCount(
            split=split,
            label=label,
            images=len(mine),
            bytes=sum(e.bytes for e in mine),
            sources=tuple(sorted(Counter(e.source for e in mine))),
            held=sum(e.held for e in mine),
        )
        for (split, label), mine in sorted(groups.items(), reverse=True)
    )


def read_prepared(files: Storage) -> tuple[Prepared, tuple[CatalogEntry, ...]]:
    """Read what was prepared for a run, and its catalog.

    Parameters
    ----------
    files
        The run's files.

    Raises
    ------
    MissingFileError
        If the run was not prepared.
    ContractError
        If a file is of another kind.
    """
    folder = files.child(FOLDER)
    where = f"{folder.uri.rstrip('/')}/"
    prepared = Prepared.parse(folder.read(PREPARED_FILE), where=where + PREPARED_FILE)
    catalog = folder.read(CATALOG_FILE)
    return prepared, tuple(read_catalog(catalog, where=where + CATALOG_FILE))
