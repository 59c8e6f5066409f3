"""Small archives of every kind that is opened, and of some that is not."""

import io
import tarfile
import zipfile
from collections.abc import Iterator
from typing import IO


def _tars() -> Iterator[bytes]:
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT):
        stream = io.BytesIO()
        long = "z" * (50 if form == tarfile.USTAR_FORMAT else 150) + ".jpg"
        with tarfile.open(fileobj=stream, mode="w", format=form) as tar:
            for name in ("a.jpg", "é/b.png", long):
                info = tarfile.TarInfo(name)
                info.size = 5
                tar.addfile(info, io.BytesIO(b"x" * 5))
            last = tarfile.TarInfo("p.jpg")
            if form == tarfile.PAX_FORMAT:
                last.pax_headers = {"size": "10", "mtime": "1.5", "GNU.sparse.map": "0,5,7,3"}
            last.size = 10
            tar.addfile(last, io.BytesIO(b"1\n2\n3\n4567"))
            for kind in (tarfile.GNUTYPE_SPARSE, tarfile.SYMTYPE, tarfile.DIRTYPE):
                other = tarfile.TarInfo("s")
                other.type, other.linkname = kind, "/etc/passwd"
                tar.addfile(other)
        # Without the empty records that fill the last block of 10 KiB, but for the end mark.
        yield stream.getvalue().rstrip(b"\0") + bytes(1536)
    for major, minor in ((0, 1), (1, 0)):
        stream = io.BytesIO()
        headers = {"GNU.sparse.major": str(major), "GNU.sparse.minor": str(minor)}
        headers |= {"GNU.sparse.name": "x.jpg", "GNU.sparse.realsize": "20"}
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
            info = tarfile.TarInfo("x.jpg")
            info.pax_headers, info.size = headers, 512
            tar.addfile(info, io.BytesIO(b"1\n0\n5\n".ljust(512, b"\0")))
        yield stream.getvalue()[:4096]


def _zips() -> Iterator[bytes]:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", method) as archive:
            for name in ("a.jpg", "é/b.png", "d/", "../c.jpg"):
                archive.writestr(name, b"" if name == "d/" else b"x" * 70)
            large: IO[bytes]
            with archive.open("big.jpg", "w", force_zip64=True) as large:
                large.write(b"q" * 30)
            archive.comment = b"a comment"
        yield stream.getvalue()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.jpg", bytes(1 << 20))
    yield stream.getvalue()


def archive_seeds() -> list[bytes]:
    """Return every seed; each of 100 to 5,000 bytes."""
    made = [*_tars(), *_zips()]
    return [*made, *(data[: len(data) // 2] for data in made), b"", b"PK\x05\x06" + bytes(18)]
