"""Brings the images of a packed dataset to disk, one file each, every hash checked."""

import hashlib
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from training.data.catalog import CatalogEntry, ShardFile
from training.data.pack import read_record
from training.dataset import LabelledImage
from training.storage import Storage

Progress = Callable[[int, int], None]
Check = Callable[[], None]
# What is left free: other programs write to the disk as well.
SPARE_BYTES = 256 << 20


class DiskError(RuntimeError):
    """The disk is too small; the message says how much is needed."""


class DamagedDatasetError(RuntimeError):
    """A file of the dataset is not what its record says."""


def materialize(
    dataset: Storage,
    entries: Sequence[CatalogEntry],
    folder: Path,
    *,
    progress: Progress = lambda _done, _total: None,
    check: Check = lambda: None,
) -> tuple[LabelledImage, ...]:
    """Write each entry's bytes to ``folder/<sha256>``; what is there already stays.

    Parameters
    ----------
    dataset
        The packed dataset.
    entries
        The images wanted; only their tars are read, each once.
    folder
        Where they go; an attempt that was cut short is gone on with.
    progress
        Told of (images there, images in all).
    check
        Called between images; may raise to stop.

    Returns
    -------
    The images on disk, in the order of the entries.

    Raises
    ------
    DiskError
        If they do not fit, before anything is read.
    DamagedDatasetError
        If a tar or an image has another hash than recorded.
    MissingFileError
        If a tar is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = defaultdict[str, list[CatalogEntry]](list)
    done = 0
    for entry in entries:
        check()
        if _is_there(folder / entry.sha256, entry):
            done += 1
        else:
            wanted[entry.shard].append(entry)
    progress(done, len(entries))
    if wanted:
        shards = {shard.file: shard for shard in read_record(dataset).shards}
        if unknown := sorted(set(wanted) - set(shards)):
            raise DamagedDatasetError(
                f"{dataset.uri}: the catalog names {unknown[0]}, which is not in the record; "
                "pack the dataset again"
            )
        _check_disk(folder, wanted.values(), [shards[name] for name in wanted])
        for name in sorted(wanted):
            for entry, data in _members(dataset, shards[name], wanted[name], folder):
                check()
                part = folder / f".part-{entry.sha256}"
                part.write_bytes(data)
                part.replace(folder / entry.sha256)
                done += 1
                progress(done, len(entries))
    return tuple(
        LabelledImage(folder / e.sha256, e.label, e.source, e.split, e.generator) for e in entries
    )


def _is_there(path: Path, entry: CatalogEntry) -> bool:
    if not path.is_file() or path.stat().st_size != entry.bytes:
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == entry.sha256


def _check_disk(
    folder: Path, wanted: Iterable[list[CatalogEntry]], shards: Sequence[ShardFile]
) -> None:
    images = sum(entry.bytes for entries in wanted for entry in entries)
    needed = images + max(shard.bytes for shard in shards) + SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DiskError(
            f"{folder} has {free / 1e9:.1f} GB free and the images take {needed / 1e9:.1f} GB; "
            "give the job a larger disk, or train on fewer images"
        )


def _members(
    dataset: Storage, shard: ShardFile, entries: list[CatalogEntry], folder: Path
) -> Iterable[tuple[CatalogEntry, bytes]]:
    tar = folder / f".part-{shard.file}"
    try:
        dataset.download(shard.file, tar)
        with tar.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != shard.sha256:
                raise DamagedDatasetError(
                    f"{dataset.uri.rstrip('/')}/{shard.file} is not the file that was packed; "
                    "pack the dataset again"
                )
            for entry in sorted(entries, key=lambda entry: entry.offset):
                stream.seek(entry.offset)
                data = stream.read(entry.bytes)
                if hashlib.sha256(data).hexdigest() != entry.sha256:
                    raise DamagedDatasetError(
                        f"{dataset.uri.rstrip('/')}/{shard.file} does not hold {entry.sha256} "
                        f"at byte {entry.offset}; pack the dataset again"
                    )
                yield entry, data
    finally:
        tar.unlink(missing_ok=True)
