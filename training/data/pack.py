"""Packs found files into a dataset: tars, catalog, record; again and again with the same result.

While it goes on, finished tars and a journal lie apart, below the fingerprint of what was found: an
attempt that is cut short loses one tar. The dataset's own place is known, and filled, at the end.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from detector.contract import Contract
from training.data.catalog import CATALOG_FILE, RECORD_FILE, DatasetRecord, write_catalog
from training.data.found import Found
from training.data.ledger import content_digest
from training.data.packer import Packer, Packing, Progress
from training.data.transfer import copy
from training.storage import MissingFileError, Storage

__all__ = ["Packed", "Packing", "pack", "read_record"]

POINTERS = "packed"
WORK = "packing"


@dataclass(frozen=True)
class Packed:
    """A packed dataset: where it lies, and its record."""

    storage: Storage
    record: DatasetRecord


class Pointer(Contract):
    """From the fingerprint of what was found to the digest of what it was packed into."""

    SCHEMA: ClassVar[str] = "aidetect.packed/1"

    digest: str


def pack(
    found: Found,
    datasets: Storage,
    name: str,
    *,
    scratch: Path,
    licence: str = "",
    place: Callable[[str], Storage] | None = None,
    packing: Packing | None = None,
    progress: Progress = lambda _done, _total: None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Packed:
    """Pack what was found, or return the dataset that it was packed into before.

    Parameters
    ----------
    found
        The files.
    datasets
        The folder of all datasets of this name.
    name
        The dataset's name.
    scratch
        A folder on disk for the tar at hand.
    licence
        Recorded for the whole.
    place
        Where a dataset of a digest belongs; ``<digest[:16]>/`` below ``datasets`` by default.
    progress
        Told of (files done, files in all; 0 while unknown); may raise to stop.

    Returns
    -------
    The finished dataset. A broken image is in its record, and never an exception.
    """
    where = place or (lambda digest: datasets.child(digest[:16]))
    if (done := _packed_before(found, datasets, where)) is not None:
        return _licensed(done, licence)
    scratch.mkdir(parents=True, exist_ok=True)
    work = datasets.child(f"{WORK}/{found.fingerprint[:16]}")
    with tempfile.TemporaryDirectory(dir=scratch, prefix="pack-") as folder:
        packer = Packer(found, work, Path(folder), packing or Packing(), progress)
        packer.run()
        entries = packer.ledger.entries()
        digest = content_digest(entries, packer.ledger.contradicting())
        target = where(digest)
        rejected, reasons = packer.ledger.rejected()
        used = {entry.shard for entry in entries}
        record = DatasetRecord(
            name=name,
            digest=digest,
            created_at=now().isoformat(timespec="seconds"),
            origin=found.origin,
            licence=licence,
            images=len(entries),
            bytes=sum(entry.bytes for entry in entries),
            shards=tuple(s for s in packer.shards if s.file in used),
            rejected=rejected,
            rejected_count=sum(reasons.values()),
            reasons=reasons,
            duplicates=packer.ledger.duplicates,
        )
        if not target.exists(RECORD_FILE):
            for shard in record.shards:
                copy(work, target, shard.file, Path(folder))
            target.write(CATALOG_FILE, write_catalog(entries))
            target.write(RECORD_FILE, record.dumps().encode(), content_type="application/json")
    pointer = Pointer(digest=digest).dumps().encode()
    datasets.write(f"{POINTERS}/{found.fingerprint[:16]}.json", pointer)
    # The journal first: it must never speak of tars that are gone.
    for file in sorted(work.names(), key=lambda file: not file.endswith(".jsonl")):
        work.delete(file)
    return _licensed(Packed(target, read_record(target)), licence)


def read_record(dataset: Storage) -> DatasetRecord:
    """Read a dataset's record.

    Raises
    ------
    MissingFileError, ContractError
        If there is none, or it is of another kind.
    """
    return DatasetRecord.parse(
        dataset.read(RECORD_FILE), where=f"{dataset.uri.rstrip('/')}/{RECORD_FILE}"
    )


def _packed_before(
    found: Found, datasets: Storage, where: Callable[[str], Storage]
) -> Packed | None:
    try:
        pointer = datasets.read(f"{POINTERS}/{found.fingerprint[:16]}.json")
        target = where(Pointer.parse(pointer).digest)
        return Packed(target, read_record(target))
    except MissingFileError:
        return None


def _licensed(packed: Packed, licence: str) -> Packed:
    """Record a licence that was said later; the content, and so the digest, is the same."""
    if not licence or licence == packed.record.licence:
        return packed
    record = packed.record.model_copy(update={"licence": licence})
    data = record.dumps().encode()
    packed.storage.write(RECORD_FILE, data, content_type="application/json")
    return Packed(packed.storage, record)
