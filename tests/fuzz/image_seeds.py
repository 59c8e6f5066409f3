"""Small images of every format that is scored, in every mode Pillow writes, with metadata."""

import io
import struct
import zlib
from collections.abc import Iterator

from PIL import Image, ImageCms, PngImagePlugin

SIDE = 16
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description '
    b'Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/'
    b'trainedAlgorithmicMedia" xmp:CreatorTool="Adobe Firefly">'
    b"<photoshop:Credit>Made with Google AI</photoshop:Credit></rdf:Description></rdf:RDF>"
    b"</x:xmpmeta>"
)
# A box of boxes that begins as a C2PA manifest store does, and holds none.
JUMBF = (
    b"\0\0\0\x34jumb\0\0\0\x1ejumdc2pa\0\x11\0\x10\x80\0\0\xaa\0\x38\x9b\x71\x03c2pa\0"
    b"\0\0\0\x0ejsonabcdef"
)
TEXTS = {
    "parameters": "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7",
    "prompt": '{"3": {"class_type": "KSampler"}}',
    "XML:com.adobe.xmp": XMP.decode(),
    "AIGC": '{"Label": "1", "ContentProducer": "x"}',
}


def picture(mode: str = "RGB", side: int = SIDE, turn: int = 0) -> Image.Image:
    """Return a gradient; each ``turn`` differs."""
    red, green = Image.linear_gradient("L"), Image.radial_gradient("L").rotate(90 * turn)
    image = Image.merge("RGB", (red, green, red.rotate(90 + 90 * turn))).resize((side, side))
    if mode == "I;16":
        return Image.frombytes("I;16", (side, side), bytes(range(256)) * (side * side // 128 or 1))
    if mode in {"LA", "RGBA"}:
        image.putalpha(green.resize((side, side)))
    return image if image.mode == mode else image.convert(mode)


def encoded(image: Image.Image, format_: str, **options: object) -> bytes:
    """Return an image as a file."""
    stream = io.BytesIO()
    image.save(stream, format_, **options)
    return stream.getvalue()


def exif(orientation: int = 6) -> Image.Exif:
    """Return a block with an orientation, texts, and a comment."""
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x010E], block[0x0131] = "Signature: " + "A" * 44, "Midjourney"
    block[0x9C9C] = "Steps: 20".encode("utf-16-le")
    block.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + "a, Steps: 20".encode("utf-16-le")
    return block


def profile() -> bytes:
    """Return an sRGB profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _jpegs() -> Iterator[bytes]:
    for mode in ("L", "RGB", "CMYK"):
        yield encoded(picture(mode), "JPEG")
        yield encoded(picture(mode), "JPEG", progressive=True, quality=95, subsampling=0)
    yield encoded(picture(), "JPEG", exif=exif().tobytes(), xmp=XMP, comment=b"made with Grok")
    yield encoded(picture(), "JPEG", icc_profile=profile(), restart_marker_blocks=1)
    iim = b"\x1c\x02\x6e\0\x0eMade with Grok\x1c\x02\x41\0\x06ChatGP"
    block = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(iim)) + iim
    jumbf = b"JP\0\x01\0\0\0\x01" + JUMBF
    plain = encoded(picture(), "JPEG")
    for marker, content in ((0xED, block), (0xEB, jumbf)):
        segment = struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
        yield plain[:2] + segment + plain[2:]
    yield encoded(picture(), "MPO", save_all=True, append_images=[picture(turn=1)])


def chunk(tag: bytes, data: bytes) -> bytes:
    """Return a PNG chunk."""
    return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))


def _pngs() -> Iterator[bytes]:
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        yield encoded(picture(mode), "PNG")
    yield encoded(picture("P"), "PNG", transparency=3)
    yield encoded(picture("RGB"), "PNG", transparency=(1, 2, 3), exif=exif())
    texts = PngImagePlugin.PngInfo()
    for number, (key, value) in enumerate(TEXTS.items()):
        texts.add_text(key, value, zip=bool(number % 2))
        texts.add_itxt(key, value, zip=not number % 2)
    plain = encoded(picture(), "PNG", pnginfo=texts, icc_profile=profile())
    yield plain
    yield plain[:-12] + chunk(b"tEXt", b"Software\0ComfyUI") + plain[-12:]
    yield plain[:33] + chunk(b"caBX", JUMBF) + plain[33:]
    bomb = PngImagePlugin.PngInfo()
    bomb.add_text("Comment", "0" * (2 << 20), zip=True)
    yield encoded(picture(), "PNG", pnginfo=bomb)
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)
    tiny = chunk(b"IDAT", zlib.compress(bytes(60001))) + chunk(b"IEND", b"")
    yield plain[:8] + chunk(b"IHDR", header) + tiny
    adam7 = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 1)
    rows = chunk(b"IDAT", zlib.compress(bytes(2 + 2 + 3 + 6 + 10 + 20 + 36)))
    yield plain[:8] + chunk(b"IHDR", adam7) + rows + chunk(b"IEND", b"")
    yield _animated("PNG", disposal=1, blend=1)


def _animated(format_: str, mode: str = "RGB", **options: object) -> bytes:
    more = [picture(mode, turn=turn) for turn in (1, 2)]
    return encoded(picture(mode), format_, save_all=True, append_images=more, **options)


def _others() -> Iterator[bytes]:
    for mode in ("1", "L", "P", "RGB"):
        yield encoded(picture(mode), "GIF", comment=b"Steps: 20, Sampler: Euler")
        yield encoded(picture(mode), "BMP")
    yield encoded(picture("RGBA"), "BMP")
    yield _animated("GIF", duration=50, loop=0, transparency=0, disposal=2)
    yield encoded(picture("P"), "GIF")[:-1] + b"\x21\xff\x0bXMP DataXMP" + XMP + b"\0;"
    # Run-length coded, which Pillow reads and does not write.
    head = (
        struct.pack("<IiiHHIIiiII", 40, 8, 2, 1, 8, 1, 20, 0, 0, 2, 0) + b"\0\0\0\0\xff\xff\xff\0"
    )
    rle = b"\x08\x01\0\0\x04\x00\0\x04\x01\0\x01\0\0\0\0\x01"
    yield b"BM" + struct.pack("<IHHI", 14 + len(head) + len(rle), 0, 0, 14 + len(head)) + head + rle
    for mode in ("RGB", "RGBA"):
        yield encoded(picture(mode), "WEBP")
        yield encoded(picture(mode), "WEBP", lossless=True, exif=exif(), xmp=XMP)
        yield encoded(picture(mode), "AVIF", speed=10)
    yield _animated("WEBP")
    yield _animated("AVIF", speed=10)
    yield encoded(picture(), "AVIF", speed=10, exif=exif(3), xmp=XMP)


def _tiffs() -> Iterator[bytes]:
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "I", "F"):
        yield encoded(picture(mode), "TIFF")
    for way in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "zstd", "lzma"):
        yield encoded(picture(), "TIFF", compression=way)
    for way in ("group3", "group4", "tiff_ccitt"):
        yield encoded(picture("1"), "TIFF", compression=way)
    yield encoded(picture(), "TIFF", big_tiff=True, exif=exif())
    yield _animated("TIFF", tiffinfo={700: XMP, 270: "Made with DALL-E"})


def image_seeds() -> list[bytes]:
    """Return every seed; about a hundred, of 50 to 10,000 bytes."""
    made = [*_jpegs(), *_pngs(), *_others(), *_tiffs()]
    # Large enough for the search for watermarks and for a thumbnail that is scaled.
    large = [encoded(picture("RGB", 256), "WEBP", lossless=True)]
    cut = [data[: len(data) // 2] for data in made[::5]]
    return [*made, *large, *cut, b"", b"just text", b"BM", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]
