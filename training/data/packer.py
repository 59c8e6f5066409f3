"""One attempt at packing: replays what attempts before it finished, then goes on."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from detector.plan import Limits
from detector.reason import ImageError, Reason
from training.data import shard as shards
from training.data.ahead import ahead
from training.data.catalog import CatalogEntry, ShardFile
from training.data.found import Found, FoundFile
from training.data.inspection import Inspector, hostile_files
from training.data.ledger import Ledger, Outcome
from training.storage import Storage

READS = 16
# Bytes read and not yet packed; with the images unpacked meanwhile it bounds the memory.
BYTES_AHEAD = 256 << 20
# Taken for a file whose size is not known before it is read.
UNKNOWN_SIZE = 4 << 20

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Packing:
    """How to pack. ``limits.min_side`` is that of scoring: smaller images hold no evidence."""

    limits: Limits = field(default_factory=Limits)
    max_bytes: int = shards.MAX_BYTES
    max_images: int = shards.MAX_IMAGES
    reads: int = READS


def readable(text: str) -> str:
    """Return a name as valid Unicode, whatever the file system had."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class Packer:
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
