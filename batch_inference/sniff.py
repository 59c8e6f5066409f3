"""What a file is by its first bytes, and whether it looks cut off by its last."""

from enum import StrEnum

# Brands of the ISO base media file format: https://aomediacodec.github.io/av1-avif/#brands-overview
_AVIF_BRANDS = (b"avif", b"avis")
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")


class Format(StrEnum):
    """The formats that are scored, under Pillow's names."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    GIF = "GIF"
    BMP = "BMP"
    TIFF = "TIFF"
    AVIF = "AVIF"

    @property
    def openers(self) -> tuple[str, ...]:
        """Pillow plug-ins that may open it. A JPEG may turn out to be a multi-picture MPO."""
        return ("JPEG", "MPO") if self is Format.JPEG else (self.value,)


def sniff(data: bytes) -> Format | None:
    """Return the format that the first bytes claim, or None when it is none we score."""
    if data.startswith(b"\xff\xd8\xff"):
        return Format.JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return Format.PNG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Format.WEBP
    if data.startswith((b"GIF87a", b"GIF89a")):
        return Format.GIF
    if data.startswith(_TIFF):
        return Format.TIFF
    if data[4:8] == b"ftyp" and any(brand in _brands(data) for brand in _AVIF_BRANDS):
        return Format.AVIF
    # "BM" also begins many a text, so the size of the info header has to be one that exists.
    # https://learn.microsoft.com/windows/win32/gdi/bitmap-header-types
    if data.startswith(b"BM") and data[14:18] in _BMP_HEADERS:
        return Format.BMP
    return None


_BMP_HEADERS = frozenset(size.to_bytes(4, "little") for size in (12, 16, 40, 52, 56, 64, 108, 124))


def _brands(data: bytes) -> tuple[bytes, ...]:
    size = min(int.from_bytes(data[:4], "big"), 256)
    major_and_compatible = data[8:12] + data[16:size]
    return tuple(major_and_compatible[at : at + 4] for at in range(0, len(major_and_compatible), 4))


def describe(data: bytes) -> str:
    """Name what a file seems to be when it is no image we score, for the error row."""
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if data[4:8] == b"ftyp" and any(brand in _brands(data) for brand in _HEIC_BRANDS):
        return "a HEIC image; convert it to JPEG, PNG, WebP or AVIF"
    for magic, name in (
        (b"%pdf", "a PDF"),
        (b"%!ps", "PostScript"),
        (b"<!doctype html", "an HTML page"),
        (b"<html", "an HTML page"),
        (b"pk\x03\x04", "a zip archive"),
        (b"\x1f\x8b", "gzip data"),
    ):
        if head.startswith(magic):
            return name
    if b"<svg" in head:
        return "an SVG drawing"
    return "text" if data[:1024].isascii() and b"\x00" not in data[:1024] else "an unknown format"


def looks_cut(data: bytes, kind: Format) -> bool:
    """Tell whether a file lacks the end that its format prescribes."""
    tail = data[-64:]
    if kind is Format.JPEG:
        return b"\xff\xd9" not in tail
    if kind is Format.PNG:
        return b"IEND" not in tail
    if kind is Format.GIF:
        return not tail.rstrip(b"\x00").endswith(b";")
    if kind is Format.WEBP:
        return int.from_bytes(data[4:8], "little") + 8 > len(data)
    if kind is Format.BMP:
        return int.from_bytes(data[2:6], "little") > len(data)
    return False
