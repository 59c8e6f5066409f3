"""Packs found files into a dataset: tars, catalog, record; again and again with the same result.

While it goes on, finished tars and a journal lie apart, below the fingerprint of what was found: an
attempt that is cut short loses one tar. The dataset's own place is known, and filled, at the end.
"""

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import ClassVar

from pydantic import ValidationError

from detector.contract import Contract
from detector.plan import Limits
from detector.reason import ImageError, Reason
from training.data import shard as shards
from training.data.ahead import ahead
from training.data.catalog import (
    CATALOG_FILE,
    RECORD_FILE,
    CatalogEntry,
    DatasetRecord,
    ShardFile,
    write_catalog,
)
from training.data.found import Found, FoundFile
from training.data.inspection import Inspector, hostile_files
from training.data.ledger import Ledger, Outcome, content_digest
from training.data.transfer import copy
from training.storage import MissingFileError, Storage

READS = 16
# Bytes read and not yet packed; with the images unpacked meanwhile it bounds the memory.
BYTES_AHEAD = 256 << 20
# Taken for a file whose size is not known before it is read.
UNKNOWN_SIZE = 4 << 20
POINTERS = "packed"
WORK = "packing"

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Packing:
    """How to pack. ``limits.min_side`` is that of scoring: smaller images hold no evidence."""

    limits: Limits = field(default_factory=Limits)
    max_bytes: int = shards.MAX_BYTES
    max_images: int = shards.MAX_IMAGES
    reads: int = READS


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
        return done
    scratch.mkdir(parents=True, exist_ok=True)
    work = datasets.child(f"{WORK}/{found.fingerprint[:16]}")
    with tempfile.TemporaryDirectory(dir=scratch, prefix="pack-") as folder:
        packer = _Packer(found, work, Path(folder), packing or Packing(), progress)
        packer.run()
        entries = packer.ledger.entries()
        digest = content_digest(entries)
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
    return Packed(target, read_record(target))


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


class _Packer:
    """One attempt: replays the journal of those before it, then goes on."""

    def __init__(
        self, found: Found, work: Storage, folder: Path, packing: Packing, progress: Progress
    ) -> None:
        self.ledger = Ledger()
        self.shards: list[ShardFile] = []
        self._found, self._work, self._folder = found, work, folder
        self._packing, self._progress = packing, progress
        self._journal: list[Outcome] = []
        self._shard: shards.Shard | None = None
        self._inspector = Inspector(packing.limits)
        # Decoding is bound by processors, reading is not.
        self._decoding = threading.Semaphore(os.cpu_count() or 1)

    def run(self) -> None:
        """Pack all that is not packed yet."""
        self._replay()
        left = islice(self._found.files(), self.ledger.consumed, None)
        looks = ahead(
            left,
            self._look,
            threads=self._packing.reads,
            weight=lambda file: file.size or UNKNOWN_SIZE,
            budget=BYTES_AHEAD,
        )
        try:
            with hostile_files(self._packing.limits), closing(looks):
                for file, looked in looks:
                    self._take(file, looked)
                    self._progress(self.ledger.consumed, self._found.total)
            self._finish_shard()
        finally:
            if self._shard is not None:
                self._shard.abandon()

    def _look(self, file: FoundFile) -> tuple[bytes, CatalogEntry] | ImageError:
        try:
            if file.refusal is not None:
                raise file.refusal
            if file.size > self._packing.limits.max_bytes:
                raise ImageError(Reason.TOO_LARGE, f"{file.size} bytes")
            data = file.read()
            with self._decoding:
                inspected = self._inspector.inspect(data)
        except ImageError as error:
            return error
        except MemoryError:
            return ImageError(Reason.BOMB, "it takes more memory than there is")
        facts, place = inspected.facts, file.place
        return data, CatalogEntry(
            sha256=facts.sha256 or "",
            label=place.label,
            source=readable(place.source),
            split=place.split,
            generator=readable(place.generator),
            licence=readable(place.licence),
            name=readable(file.name),
            format=facts.format or "",
            width=facts.width or 0,
            height=facts.height or 0,
            bytes=len(data),
            phash=inspected.phash,
            quantisation=inspected.quantisation,
            exif=inspected.exif,
        )

    def _take(self, file: FoundFile, looked: tuple[bytes, CatalogEntry] | ImageError) -> None:
        if isinstance(looked, ImageError):
            detail = readable(looked.detail)
            outcome = Outcome(name=readable(file.name), reason=looked.reason.value, detail=detail)
        else:
            data, entry = looked
            if not self.ledger.knows(entry.sha256):
                entry = entry.model_copy(update=self._store(entry, data))
            outcome = Outcome(name=entry.name, entry=entry)
        self.ledger.take(outcome)
        self._journal.append(outcome)

    def _store(self, entry: CatalogEntry, data: bytes) -> dict[str, str | int]:
        limits = self._packing
        if self._shard is not None and not self._shard.has_room(
            len(data), max_bytes=limits.max_bytes, max_images=limits.max_images
        ):
            self._finish_shard()
        if self._shard is None:
            self._shard = shards.Shard(self._folder / shards.shard_name(len(self.shards)))
        offset = self._shard.add(entry.sha256, entry.format, data)
        return {"shard": self._shard.path.name, "offset": offset}

    def _finish_shard(self) -> None:
        """Put the tar away, then its journal, which says that it is there."""
        if self._shard is None:
            return
        described = self._shard.close()
        self._work.upload(described.file, self._shard.path)
        self._shard.path.unlink()
        lines = [described.model_dump_json(), *(o.model_dump_json() for o in self._journal)]
        self._work.write(f"{described.file}.jsonl", "\n".join(lines).encode())
        self.shards.append(described)
        self._shard, self._journal = None, []

    def _replay(self) -> None:
        for number, outcomes in enumerate(self._journals()):
            described, lines = outcomes
            if described.file != shards.shard_name(number):
                return
            self.shards.append(described)
            for outcome in lines:
                self.ledger.take(outcome)

    def _journals(self) -> Iterator[tuple[ShardFile, list[Outcome]]]:
        for name in self._work.names():
            if name.endswith(".jsonl"):
                first, *rest = self._work.read(name).splitlines()
                try:
                    yield (
                        ShardFile.model_validate_json(first),
                        [Outcome.model_validate_json(line) for line in rest],
                    )
                except ValidationError:
                    # Another version's; what follows is packed anew.
                    return


def readable(text: str) -> str:
    """Return a name as valid Unicode, whatever the file system had."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
