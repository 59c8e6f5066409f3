"""Changes a file in a way that its format lets through to the code behind its checksums."""

import random
import struct

from batch_inference.provenance.c2pa import MARKER
from tests.fuzz import repair
from tests.fuzz.repair import Mutate

# Numbers at which lengths, counts and offsets tip over.
_EDGES = (0, 1, 2, 7, 8, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 0x10000)
_WIDE = (0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 0x40000000, 60000)
_WORDS = (b"\xff\xd9", b"\xff\xda", b"IEND", b"\0\0\0\0", b"\xff\xff\xff\xff", b"PK\x01\x02")


# Checking a manifest takes a process of its own, a hundred times as long as everything else.
_MARKED = 0.05


def at_random(data: bytes, chance: random.Random) -> bytes:
    """Return the data with one to four small changes; what stands in where there is no atheris."""
    made = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(made) + 1)
        what = chance.randrange(8)
        if what <= 1 and at < len(made):
            made[at] = chance.randrange(256)
        elif what == 2 and at < len(made):
            made[at] ^= 1 << chance.randrange(8)
        elif what == 3:
            order, number = chance.choice("<>"), chance.choice(_EDGES + _WIDE)
            size = "I" if number > 0xFFFF or chance.random() < 0.5 else "H"
            field = struct.pack(order + size, number)
            made[at : at + len(field)] = field
        elif what == 4:
            del made[at : at + chance.choice((1, 2, 4, 16, 128))]
        elif what == 5:
            made[at:at] = chance.choice(_WORDS)
        elif what == 6:
            start = chance.randrange(len(made) + 1)
            made[at:at] = made[start : start + chance.choice((1, 4, 12, 64))]
        elif chance.random() < 0.2:
            del made[at:]
    return bytes(made)


def _png(data: bytes, mutate: Mutate, chance: random.Random) -> bytes:
    chunks = list(repair.png_chunks(data))
    if not chunks:
        return mutate(data)
    at = chance.randrange(len(chunks))
    tag, content = chunks[at]
    what = chance.random()
    if what < 0.7:
        chunks[at] = (tag, repair.repacked(tag, content, mutate))
    elif what < 0.8:
        chunks.insert(chance.randrange(len(chunks)), (tag, content))
    elif what < 0.9:
        del chunks[at]
    else:
        chunks[at] = (mutate(tag)[:4].ljust(4, b"a"), content)
    return repair.png_of(chunks)


def _jpeg(data: bytes, mutate: Mutate, chance: random.Random) -> bytes:
    """Change one segment, and make its length right."""
    at, segments = 2, []
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, at + 2)
        segments.append((data[at : at + 2], data[at + 4 : at + 2 + length]))
        at += 2 + length
    if not segments:
        return mutate(data)
    chosen = chance.randrange(len(segments))
    marker, content = segments[chosen]
    segments[chosen] = (marker, mutate(content)[:65533])
    parts = [mark + struct.pack(">H", len(body) + 2) + body for mark, body in segments]
    return data[:2] + b"".join(parts) + data[at:]


def mutated(data: bytes, mutate: Mutate, chance: random.Random) -> bytes:
    """Return a changed file.

    Parameters
    ----------
    data
        The file as it was.
    mutate
        Changes bytes that have no structure.
    chance
        Decides where.
    """
    if MARKER in data and chance.random() > _MARKED:
        data = data.replace(MARKER, MARKER.upper())
    # A share stays as damaged as it comes: checksums that are wrong are read as well.
    if chance.random() < 0.25:
        return mutate(data)
    if data.startswith(repair.PNG):
        return _png(data, mutate, chance)
    if data.startswith(b"\xff\xd8\xff") and chance.random() < 0.7:
        return _jpeg(data, mutate, chance)
    if data.startswith(b"RIFF"):
        return repair.riff(mutate(data))
    if data.startswith(b"PK"):
        return repair.zipped(mutate(data))
    if data[257:262] == b"ustar":
        return repair.tar(mutate(data))
    return mutate(data)
