"""XMP packets, laid into files as programs do."""

import io
import struct
import zlib

from PIL import Image, PngImagePlugin

from tests.unit.batch_inference.provenance.images import encode, photograph

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"


def packet(inside: str = "", attributes: str = "") -> str:
    """Return a packet with a description of the given content and attributes."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f"{attributes}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>"
        '<?xpacket end="w"?>'
    )


def with_packet(kind: str, xmp: str) -> bytes:
    """Return the photograph as a file of Pillow's format ``kind`` that holds the packet."""
    if kind == "GIF":
        data = encode("GIF")
        # An application extension before the trailer; XMP in it is not cut into sub-blocks.
        return data[:-1] + b"\x21\xff\x0bXMP DataXMP" + xmp.encode() + bytes(257) + b";"
    if kind in {"PNG", "PNG compressed"}:
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp, zip=kind != "PNG")
        return encode("PNG", pnginfo=info)
    if kind == "TIFF":
        return encode("TIFF", tiffinfo={700: xmp.encode()})
    if kind == "JPEG extended":
        full = xmp.encode()
        head = _EXTENSION + b"0" * 32 + struct.pack(">II", len(full), 0)
        segment = b"\xff\xe1" + struct.pack(">H", 2 + len(head) + len(full)) + head + full
        data = encode("JPEG", xmp=packet().encode())
        return data[:2] + segment + data[2:]
    return encode(kind, xmp=xmp.encode())


def png_with(text: dict[str, str], *, behind: bool = False) -> bytes:
    """Return the photograph as a PNG with text chunks, before the pixels or behind them."""
    info = PngImagePlugin.PngInfo()
    if not behind:
        for key, value in text.items():
            info.add_text(key, value, zip=len(value) > 1000)
    data = encode("PNG", pnginfo=info)
    if not behind:
        return data
    chunks = b""
    for key, value in text.items():
        body = b"tEXt" + key.encode() + b"\0" + value.encode("latin-1")
        chunks += struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return data[:-12] + chunks + data[-12:]


def with_exif(kind: str, tags: dict[int, str | bytes], comment: bytes | None = None) -> bytes:
    """Return the photograph with EXIF tags, and a UserComment."""
    exif = Image.Exif()
    for tag, value in tags.items():
        exif[tag] = value
    if comment is not None:
        exif.get_ifd(0x8769)[0x9286] = comment
    made = io.BytesIO()
    photograph().save(made, kind, exif=exif)
    return made.getvalue()
