"""Makes the checksums and lengths of damaged files right, so that the damage itself is read."""

import struct
import zlib
from collections.abc import Callable, Iterator

Mutate = Callable[[bytes], bytes]

PNG = b"\x89PNG\r\n\x1a\n"
_PACKED = {b"IDAT": 0, b"zTXt": -1, b"iCCP": -1, b"fdAT": 4}
MAX_UNPACKED = 1 << 16
TAR_BLOCK = 512


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the type and the content of each chunk, as far as they can be made out."""
    at = len(PNG)
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length


def png_of(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """Return a PNG whose lengths and checksums are right."""
    parts = [PNG]
    for tag, content in chunks:
        parts.append(struct.pack(">I", len(content)) + tag + content)
        parts.append(struct.pack(">I", zlib.crc32(tag + content)))
    return b"".join(parts)


def repacked(tag: bytes, content: bytes, mutate: Mutate) -> bytes:
    """Return a chunk's content, changed under its compression where it is compressed."""
    skip = _PACKED.get(tag)
    if skip is None:
        return mutate(content)
    # The text chunks begin with a key, a zero, and the method.
    start = content.find(b"\0") + 2 if skip < 0 else skip
    try:
        plain = zlib.decompressobj().decompress(content[start:], MAX_UNPACKED)
    except zlib.error:
        return mutate(content)
    return content[:start] + zlib.compress(mutate(plain), 1)


def riff(data: bytes) -> bytes:
    """Return a WebP whose outermost length is right."""
    return data[:4] + struct.pack("<I", max(0, len(data) - 8)) + data[8:]


def tar(data: bytes) -> bytes:
    """Return a tar whose headers' checksums are right."""
    fixed = bytearray(data)
    for at in range(0, len(data) - TAR_BLOCK + 1, TAR_BLOCK):
        if data[at + 257 : at + 262] == b"ustar":
            fixed[at + 148 : at + 156] = b" " * 8
            fixed[at + 148 : at + 156] = b"%06o\0 " % sum(fixed[at : at + TAR_BLOCK])
    return bytes(fixed)


def zipped(data: bytes) -> bytes:
    """Return a zip whose last record points to its directory, and says its true length."""
    end, first = data.rfind(b"PK\x05\x06"), data.find(b"PK\x01\x02")
    if end < 0 or not 0 <= first < end or end + 22 > len(data):
        return data
    entries = data.count(b"PK\x01\x02", first, end)
    place = struct.pack("<HHII", entries, entries, end - first, first)
    note = struct.pack("<H", min(0xFFFF, len(data) - end - 22))
    return data[: end + 8] + place + note + data[end + 22 :]
