"""Finds labelled images in a .zip or .tar of a labelled folder, which is never unpacked to disk."""

import io
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from batch_inference.archive import members
from batch_inference.member import Member
from batch_inference.s3_file import S3File
from detector.evaluation import Label
from detector.manifest import ARCHIVE_SUFFIXES
from detector.plan import Limits
from detector.reason import ImageError, Reason
from training.data.found import Found, FoundFile, fingerprint, held_to, is_hidden
from training.data.manifest import MANIFEST, ManifestRow, read_manifest
from training.data.place import DatasetError, Place, place_of, split_of


def is_archive(path: Path) -> bool:
    """Tell by its name whether a file is an archive that is read."""
    return path.suffix.lower() in ARCHIVE_SUFFIXES


def find_archive(
    path: Path,
    *,
    folders: dict[str, Label] | None = None,
    label: Label | None = None,
    limits: Limits | None = None,
) -> Found:
    """Find the images of an archive; see :func:`training.data.folder.find_folder`.

    Raises
    ------
    DatasetError
        If it is no archive that can be read, or its manifest is wrong.
    """
    bounds = limits or Limits()
    manifest = _manifest(path, bounds)
    status = path.stat()
    mark = fingerprint([path.name, str(status.st_size), str(status.st_mtime_ns), str(folders),
                        str(label)])  # fmt: skip

    def files() -> Iterator[FoundFile]:
        for member in _members(path, bounds):
            if is_hidden(member.name):
                continue
            # Made by `tar -c .`, all names begin with "./".
            name = str(PurePosixPath(member.name))
            place, sha256 = (manifest or {}).get(name, (None, ""))
            if manifest is None:
                place = place_of(name, folders)
                if place is None and label is not None:
                    place = Place(label, _source(name, path))
            if place is not None:
                yield _file(name, member, place, sha256)

    return Found(str(path), mark, files)


def _source(name: str, path: Path) -> str:
    parts = PurePosixPath(name).parts[:-1]
    return parts[0] if parts else path.stem


def _members(path: Path, limits: Limits) -> Iterator[Member]:
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size

        def fetch(first: int, last: int) -> tuple[bytes, int]:
            return os.pread(stream.fileno(), last - first + 1, first), size

        try:
            yield from members(S3File(fetch), path.name, limits)
        except ImageError as error:
            raise DatasetError(
                f"{path} cannot be read to its end ({error}); make the archive again"
            ) from error


def _manifest(path: Path, limits: Limits) -> dict[str, tuple[Place | None, str]] | None:
    """Return what an archive's manifest says of its members: place, and SHA-256 where known."""
    for member in _members(path, limits):
        parts = PurePosixPath(member.name).parts
        if parts[-1:] == (MANIFEST,) and len(parts) <= 2 and member.size <= limits.max_bytes:
            try:
                text = member.read().decode()
            except (ImageError, UnicodeDecodeError) as error:
                raise DatasetError(f"{path}: {member.name} cannot be read: {error}") from error
            rows = read_manifest(io.StringIO(text, newline=""), f"{path}:{member.name}")
            base = PurePosixPath(member.name).parent
            return {str(base / row.path): (_place(row), row.sha256) for row in rows}
    return None


def _place(row: ManifestRow) -> Place:
    return Place(row.label, row.source, split_of(row.split, row.where), row.generator, row.licence)


def _file(name: str, member: Member, place: Place, sha256: str) -> FoundFile:
    found = FoundFile(name, place, member.read, member.size, member.refusal)
    if member.refusal is not None:
        return found
    # Read here and now: the members of one archive share one position in the file.
    try:
        data = held_to(member.read, sha256)()
    except ImageError as error:
        return replace(found, refusal=error)
    if not data:
        return replace(found, refusal=ImageError(Reason.EMPTY))
    return replace(found, read=lambda: data)
