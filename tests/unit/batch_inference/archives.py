"""Builds tar and zip archives, honest and not."""

import io
import struct
import tarfile
import zipfile
from collections.abc import Iterable


def tar_of(files: Iterable[tuple[str, bytes]], *, others: Iterable[tarfile.TarInfo] = ()) -> bytes:
    """Return a tar of files, then of members without content (links, devices, directories)."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in others:
            archive.addfile(info)
    return stream.getvalue()


def tar_member(name: str, kind: bytes) -> tarfile.TarInfo:
    """Return a member of another type than a file."""
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = "/etc/passwd" if kind in {tarfile.SYMTYPE, tarfile.LNKTYPE} else ""
    return info


def zip_of(
    files: Iterable[tuple[str | zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_STORED
) -> bytes:
    """Return a zip of files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data, compress_type=method)
    return stream.getvalue()


def claim_size(archive: bytes, size: int) -> bytes:
    """Make every header of a zip claim an unpacked size, which need not be true."""
    data = bytearray(archive)
    for magic, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = data.find(magic)
        while start >= 0:
            data[start + at : start + at + 4] = struct.pack("<I", size)
            start = data.find(magic, start + 4)
    return bytes(data)


def encrypted(archive: bytes) -> bytes:
    """Set the encryption flag in every header of a zip."""
    data = bytearray(archive)
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.find(magic)
        while start >= 0:
            data[start + at] |= 1
            start = data.find(magic, start + 4)
    return bytes(data)
