"""The members of a zip archive, in the order they lie in it, read straight from S3."""

import copy
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, cast

from batch_inference.errors import ScoringError
from batch_inference.member import Member, name_refusal, readable_name
from batch_inference.s3_file import S3File
from detector.plan import Limits
from detector.reason import ImageError, Reason

PIECE = 1 << 20
# LZMA and bzip2 members may ask for gigabytes of memory before the first byte comes out.
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    IndexError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
)


def zip_members(file: S3File, limits: Limits) -> Iterator[Member]:
    """Yield every member that is not a directory.

    Raises
    ------
    ImageError
        About the archive itself: truncated or undecodable when it has no readable directory, or
        what reading it met.
    """
    head = file.read(4)
    file.seek(0)
    try:
        archive = zipfile.ZipFile(cast("IO[bytes]", file))
    except ScoringError:
        raise  # a RuntimeError, but none about the archive
    except _DAMAGE as error:
        # The directory is at the end, so a file that starts like a zip and has none was cut off.
        reason = Reason.TRUNCATED if head.startswith(b"PK\x03\x04") else Reason.UNDECODABLE
        raise ImageError(reason, f"the zip archive has no readable directory: {error}") from error
    with archive:
        # By place in the file and not by place in the directory: so the blocks are read in order.
        for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
            # Not is_dir(), which fails on an empty name.
            if not info.filename.endswith("/"):
                yield _member(archive, info, limits)


def _refusal(info: zipfile.ZipInfo, limits: Limits) -> ImageError | None:
    refusal = name_refusal(info.orig_filename) or name_refusal(info.filename)
    # The upper half of the external attributes holds the Unix mode; other systems leave it 0.
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        return ImageError(Reason.UNSAFE_NAME, "a link or a device, not a file")
    if refusal is not None:
        return refusal
    if info.flag_bits & _ENCRYPTED:
        return ImageError(Reason.UNDECODABLE, "the member is encrypted")
    if info.compress_type not in _METHODS:
        return ImageError(Reason.UNSUPPORTED, f"zip compression {info.compress_type} is not read")
    if info.file_size == 0:
        return ImageError(Reason.EMPTY)
    if info.file_size > limits.max_ratio * max(1, info.compress_size):
        return _bomb(info, limits)
    if info.file_size > limits.max_bytes:
        return ImageError(
            Reason.TOO_LARGE, f"{info.file_size} bytes; the limit is {limits.max_bytes}"
        )
    return None


def _bomb(info: zipfile.ZipInfo, limits: Limits) -> ImageError:
    return ImageError(
        Reason.BOMB,
        f"{info.compress_size} bytes unpack to {info.file_size} or more; "
        f"the limit is {limits.max_ratio:g} times",
    )


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits) -> Member:
    def read() -> bytes:
        try:
            return _inflate(archive, info, limits)
        except ScoringError:
            raise
        except _DAMAGE as error:
            raise ImageError(
                Reason.UNDECODABLE, f"the zip member is damaged: {error or type(error).__name__}"
            ) from error

    name = readable_name(info.orig_filename)
    return Member(name, info.file_size, read, _refusal(info, limits))


def _inflate(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits) -> bytes:
    # zipfile stops at the size the header claims. To catch a header that lies, let it go on to the
    # end of the compressed data, one piece at a time, and stop it ourselves.
    honest = copy.copy(info)
    honest.file_size = limits.max_bytes + PIECE
    parts, produced = [], 0
    with archive.open(honest) as stream:
        while piece := stream.read(PIECE):
            produced += len(piece)
            if produced > info.file_size:
                raise ImageError(
                    Reason.BOMB, f"its header claims {info.file_size} bytes and it unpacks to more"
                )
            parts.append(piece)
    if produced < info.file_size:
        raise ImageError(
            Reason.TRUNCATED, f"its header claims {info.file_size} bytes; it holds {produced}"
        )
    return b"".join(parts)
