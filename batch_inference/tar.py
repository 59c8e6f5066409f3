"""The members of a tar archive, in its order, read straight from S3."""

import tarfile
from collections.abc import Iterator
from typing import IO, Any, Self, cast

from batch_inference.member import Member, name_refusal, readable_name
from batch_inference.s3_file import S3File
from detector.plan import Limits
from detector.reason import ImageError, Reason

# Extended headers hold names and times; a megabyte of them is an attack on memory.
MAX_EXTENDED_HEADER = 1 << 20
_EXTENDED = frozenset(
    {
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.SOLARIS_XHDTYPE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_LONGLINK,
    }
)
# What is not tar but often named so: gzip, bzip2, xz, zstd, zip.
_OTHER_MAGIC = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"PK")
# tarfile carries the fields of global headers to every later member, and so to the archive's end.
MAX_GLOBAL_FIELDS = 100
# Where a block of a sparse map says whether another follows.
# https://www.gnu.org/software/tar/manual/html_node/Standard.html
_MAP_CONTINUES = 504
# An honest member has at most four extended headers before its own; tarfile recurses into each.
MAX_CHAIN = 32
# What tarfile lets escape on damaged headers; none of them an OSError, which would be ours.
_DAMAGE = (
    tarfile.TarError,
    ValueError,
    IndexError,
    OverflowError,
    EOFError,
    KeyError,
    RecursionError,
)


class _StrictTar(tarfile.TarFile):
    """A tar that counts the headers of the member at hand."""

    chained = 0


class _StrictInfo(tarfile.TarInfo):
    """A header whose damage is reported: tarfile itself takes a damaged header for the end.

    The maps of sparse members are passed over: nothing sparse is read, and a map may take many
    times the archive's size in memory.
    """

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        info = super().frombuf(buf, encoding, errors)
        if info.size < 0:
            raise ImageError(Reason.UNDECODABLE, "the tar archive has a member of negative size")
        if info.type in _EXTENDED and info.size > MAX_EXTENDED_HEADER:
            raise ImageError(
                Reason.BOMB, f"the tar archive has an extended header of {info.size} bytes"
            )
        return info

    @classmethod
    def fromtarfile(cls, tar: tarfile.TarFile) -> Self:
        chained = cast("_StrictTar", tar)
        chained.chained += 1
        if chained.chained > MAX_CHAIN:
            raise ImageError(
                Reason.BOMB, f"the tar archive has over {MAX_CHAIN} headers for one member"
            )
        try:
            return super().fromtarfile(tar)
        except (tarfile.TruncatedHeaderError, tarfile.EmptyHeaderError) as error:  # type: ignore[attr-defined]
            raise ImageError(
                Reason.TRUNCATED, "the tar archive ends before its end mark"
            ) from error
        except tarfile.InvalidHeaderError as error:  # type: ignore[attr-defined]
            raise ImageError(Reason.UNDECODABLE, f"the tar archive is damaged: {error}") from error

    # The rest overrides what tarfile calls for each of the four sparse formats.

    def _proc_sparse(self, tar: Any) -> Self:
        # Set by tarfile's frombuf: the map's first part, whether blocks of it follow, and the size.
        _, extended, size = self._sparse_structs  # type: ignore[attr-defined]
        while extended:
            block = tar.fileobj.read(tarfile.BLOCKSIZE)
            if len(block) < tarfile.BLOCKSIZE:
                raise ImageError(Reason.TRUNCATED, "the tar archive ends inside a sparse map")
            extended = block[_MAP_CONTINUES] != 0
        self.sparse = []  # type: ignore[assignment]
        self.offset_data = tar.fileobj.tell()
        tar.offset = self.offset_data + self._block(self.size)  # type: ignore[attr-defined]
        self.size = size
        return self

    def _proc_gnusparse_00(self, member: Any, _headers: object, _data: object) -> None:
        member.sparse = []

    def _proc_gnusparse_01(self, member: Any, _headers: object) -> None:
        member.sparse = []

    def _proc_gnusparse_10(self, member: Any, _headers: object, _tar: object) -> None:
        member.sparse = []


def tar_members(file: S3File, limits: Limits) -> Iterator[Member]:
    """Yield every member that is not a directory.

    Raises
    ------
    ImageError
        About the archive itself, after the members before the damage: truncated, undecodable,
        unsupported (not a tar), bomb, or what reading it met.
    """
    head = file.read(8)
    file.seek(0)
    if head.startswith(_OTHER_MAGIC):
        raise ImageError(Reason.UNSUPPORTED, "not a plain tar; compressed archives are not opened")
    try:
        stream = cast("IO[bytes]", file)
        with _StrictTar.open(fileobj=stream, mode="r:", tarinfo=_StrictInfo) as tar:
            while (info := tar.next()) is not None:
                # tarfile remembers every header it has seen; a million of them are a gigabyte.
                tar.members = []  # type: ignore[attr-defined]
                tar.chained = 0
                if len(tar.pax_headers) > MAX_GLOBAL_FIELDS:
                    raise ImageError(
                        Reason.BOMB, f"the tar has over {MAX_GLOBAL_FIELDS} global header fields"
                    )
                if info.size < 0 or info.offset_data + _stored_size(info) > file.size:
                    raise ImageError(Reason.TRUNCATED, f"the tar ends inside {_short(info.name)}")
                if not info.isdir() and not (info.size == 0 and info.name.endswith("/")):
                    yield _member(tar, info, limits)
    except _DAMAGE as error:
        raise ImageError(Reason.UNDECODABLE, f"the tar archive is damaged: {error}") from error


def _short(name: str) -> str:
    return readable_name(name)[:100]


def _stored_size(info: tarfile.TarInfo) -> int:
    # A sparse member's size counts its holes, which take no room in the archive.
    return info.size if info.isreg() and not info.issparse() else 0


def _member(tar: tarfile.TarFile, info: tarfile.TarInfo, limits: Limits) -> Member:
    refusal = name_refusal(info.name)
    if not info.isreg():
        refusal = ImageError(Reason.UNSAFE_NAME, "a link or a device, not a file")
    elif refusal is None and info.issparse():
        refusal = ImageError(Reason.UNSUPPORTED, "a sparse file")
    elif refusal is None and info.size == 0:
        refusal = ImageError(Reason.EMPTY)
    elif refusal is None and info.size > limits.max_bytes:
        refusal = ImageError(
            Reason.TOO_LARGE, f"{info.size} bytes; the limit is {limits.max_bytes}"
        )

    def read() -> bytes:
        stream: Any = tar.extractfile(info)
        with stream:
            data: bytes = stream.read()
        return data

    return Member(readable_name(info.name), info.size, read, refusal)
