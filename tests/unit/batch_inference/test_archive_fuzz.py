"""Archives damaged at random: each ends in members with storable rows, or in one reason."""

import io
import random
import tarfile
import zipfile
from contextlib import suppress
from typing import IO

import pytest

from batch_inference import archive
from batch_inference.archive import members
from batch_inference.s3_file import S3File
from detector.plan import Limits
from detector.reason import ImageError

ROUNDS = 2000
BLOCK = 512
# Fields of a tar header that steer its reading: name, size, type, magic, prefix, sparse map.
TAR_FIELDS = (0, 5, 100, 124, 125, 130, 135, 136, 156, 157, 345, 386, 400, 482, 483)
BYTES = b"\0\1\x80\xff-07 LxgSK"


def tars() -> list[bytes]:
    """Return a tar of each format: long names, extended numbers, both kinds of sparse member."""
    made = []
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT):
        stream = io.BytesIO()
        long = "z" * (50 if form == tarfile.USTAR_FORMAT else 150) + ".jpg"
        with tarfile.open(fileobj=stream, mode="w", format=form) as tar:
            for name in ("a.jpg", "d/" + "é" * 40 + "/b.png", long):
                add(tar, tarfile.TarInfo(name), b"x" * 700)
            last = tarfile.TarInfo("p.jpg")
            if form == tarfile.PAX_FORMAT:
                last.pax_headers = {"size": "10", "mtime": "1.5", "GNU.sparse.map": "0,5,7,3"}
            add(tar, last, b"1\n2\n3\n4567")
            sparse = tarfile.TarInfo("s")
            sparse.type = tarfile.GNUTYPE_SPARSE
            tar.addfile(sparse)
        made.append(stream.getvalue())
    return made


def add(tar: tarfile.TarFile, info: tarfile.TarInfo, data: bytes) -> None:
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def zips() -> list[bytes]:
    """Return a stored and a deflated zip, with a folder and a member with 64-bit sizes."""
    made = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", method) as archive_:
            for name in ("a.jpg", "é/b.png", "d/", "c.jpg"):
                archive_.writestr(name, b"" if name == "d/" else b"x" * 700)
            large: IO[bytes]
            with archive_.open("big.jpg", "w", force_zip64=True) as large:
                large.write(b"q" * 300)
        made.append(stream.getvalue())
    return made


def headers(data: bytes) -> list[int]:
    return [at for at in range(0, len(data) - BLOCK + 1, BLOCK) if data[at + 257 :][:5] == b"ustar"]


def summed(data: bytearray) -> None:
    """Make the checksums of the headers right, so that the damage is looked at."""
    for at in headers(bytes(data)):
        data[at + 148 : at + 156] = b" " * 8
        data[at + 148 : at + 156] = b"%06o\0 " % sum(data[at : at + BLOCK])


def place(data: bytes, kind: str, chance: random.Random) -> int:
    """Return where to damage: mostly in a header."""
    if chance.random() < 0.7:
        if kind == "tar":
            spots = [at + field for at in headers(data) for field in TAR_FIELDS]
        else:
            marks = [at for at in range(len(data)) if data[at : at + 2] == b"PK"]
            spots = [at + chance.randrange(4, 46) for at in marks]
        if spots:
            return min(chance.choice(spots), len(data) - 1)
    return chance.randrange(len(data))


def damaged(whole: bytes, kind: str, chance: random.Random) -> bytes:
    data = bytearray(whole)
    for _ in range(chance.randint(1, 4)):
        if not data:
            break
        at, what = place(bytes(data), kind, chance), chance.random()
        if what < 0.6:
            data[at] = chance.choice([*BYTES, chance.randrange(256)])
        elif what < 0.8:
            del data[at : at + chance.choice([1, 2, BLOCK])]
        else:
            data[at:at] = chance.choice([b"\xff", bytes(BLOCK), b"-1", bytes(data[:BLOCK])])
    if kind == "tar" and chance.random() < 0.9:
        summed(data)
    return bytes(data)


def walk(data: bytes, kind: str) -> None:
    """Read an archive to its end; only an ImageError whose detail can be stored may end it."""
    limits = Limits(max_bytes=1 << 20, max_members=500)
    file = S3File(lambda first, last: (data[first : last + 1], len(data)), 4096)
    try:
        for member in members(file, f"x.{kind}", limits):
            member.name.encode()
            if member.refusal is not None:
                member.refusal.detail.encode()
                continue
            with suppress(ImageError):
                member.read()
    except ImageError as error:
        error.detail.encode("utf-8", "replace")


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_no_damage_escapes_the_readers(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without the net under the readers: what they foresee has the better reason.
    monkeypatch.setattr(archive, "_PASSED_ON", (Exception,))
    chance = random.Random(20261123)
    seeds = tars() if kind == "tar" else zips()
    for _ in range(ROUNDS):
        walk(damaged(chance.choice(seeds), kind, chance), kind)
