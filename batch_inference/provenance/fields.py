"""The text fields of a file's metadata: PNG text, EXIF, comments, IPTC-IIM."""

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from PIL import ExifTags, Image

# Settings stand behind the prompt, and prompts are long; workflows are longer but known by a word.
MAX_TEXT = 1 << 16
# Of all text of a PNG; Pillow unpacks up to 64 MiB.
MAX_TEXTS = 1 << 20
_TEXTS = {
    "ImageDescription": ExifTags.Base.ImageDescription,
    "Make": ExifTags.Base.Make,
    "Model": ExifTags.Base.Model,
    "Software": ExifTags.Base.Software,
    "Artist": ExifTags.Base.Artist,
    "XPTitle": ExifTags.Base.XPTitle,
    "XPComment": ExifTags.Base.XPComment,
}
# Datasets of the application record, IIM 4.2, chapter 6.
_DATASETS = {b"\x02\x41": "IIM OriginatingProgram", b"\x02\x6e": "IIM Credit"}
_IIM = re.compile(rb"\x1c(\x02[\x41\x6e])([\x00-\x7f][\x00-\xff])")
_IIM_RESOURCE = 0x0404


class Field(NamedTuple):
    """A field's name, as its standard gives it, and its text."""

    name: str
    text: str


def read_fields(image: Image.Image) -> Iterator[Field]:
    """Yield the fields, each text cut to ``MAX_TEXT`` characters.

    Raises
    ------
    OSError, SyntaxError, ValueError, ...
        Whatever Pillow raises on a damaged EXIF block; PNG text and comments come before it.
    """
    left = MAX_TEXTS
    for key, value in image.info.items():
        if key == "comment" and isinstance(value, bytes):
            yield Field("comment", value[:MAX_TEXT].decode("utf-8", "replace"))
        elif image.format == "PNG" and isinstance(key, str) and isinstance(value, str):
            yield Field(key, value[: min(MAX_TEXT, left)])
            left = max(0, left - min(MAX_TEXT, len(value)))
    yield from _iim(image)
    exif = image.getexif()
    for name, tag in _TEXTS.items():
        if tag in exif:
            yield Field(name, _text(exif[tag], wide=name.startswith("XP")))
    if ExifTags.IFD.Exif in exif:
        comment = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment)
        if isinstance(comment, bytes):
            yield Field("UserComment", _user_comment(comment))
        elif isinstance(comment, str):
            yield Field("UserComment", comment[:MAX_TEXT])


def _text(value: object, *, wide: bool) -> str:
    if isinstance(value, tuple) and value and all(isinstance(item, int) for item in value):
        value = bytes(item & 0xFF for item in value[: 2 * MAX_TEXT])
    if isinstance(value, bytes):
        encoding = "utf-16-le" if wide else "utf-8"
        return value[: 2 * MAX_TEXT].decode(encoding, "replace")[:MAX_TEXT].rstrip("\0")
    if not isinstance(value, str):
        return ""
    try:
        # Pillow takes all of EXIF's text for Latin-1; many programs write UTF-8.
        return value[:MAX_TEXT].encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value[:MAX_TEXT]


def _user_comment(value: bytes) -> str:
    """Decode EXIF's UserComment: eight bytes that name the character code, then the text."""
    code, text = value[:8], value[8 : 8 + 2 * MAX_TEXT]
    if code != b"UNICODE\0":
        return text[:MAX_TEXT].decode("utf-8", "replace")
    # In whose byte order no standard says; in Latin text the high bytes are the zeros.
    little = text[1::2].count(0) >= text[::2].count(0)
    return text.decode("utf-16-le" if little else "utf-16-be", "replace")


def _iim(image: Image.Image) -> Iterator[Field]:
    resources = image.info.get("photoshop")
    block = resources.get(_IIM_RESOURCE) if isinstance(resources, dict) else None
    if not isinstance(block, bytes):
        return
    for match in _IIM.finditer(block[:MAX_TEXT]):
        (length,) = struct.unpack(">H", match[2])
        text = block[match.end() : match.end() + length].decode("utf-8", "replace")
        yield Field(_DATASETS[match[1]], text)
