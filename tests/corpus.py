"""Makes a folder of hostile and ordinary image files, with what each must come to.

Based on photographs that scikit-image and scikit-learn ship. Encoded once per kind and varied by a
few trailing or metadata bytes, so that two thousand files take seconds.
"""

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image, PngImagePlugin
from sklearn.datasets import load_sample_images

from detector.reason import Reason

LONG_SIDE = 480


@dataclass(frozen=True)
class Expected:
    """What a file must come to: a verdict when ``reason`` is None, else an error row."""

    key: str
    kind: str
    reason: Reason | None = None

    @property
    def scored(self) -> bool:
        """Whether it must have a verdict."""
        return self.reason is None


@dataclass(frozen=True)
class Recipe:
    """One kind of file: its suffix, its bytes for the n-th variant, and its outcome."""

    kind: str
    suffix: str
    make: Callable[[int], bytes]
    reason: Reason | None = None
    # Large or slow ones come rarely.
    share: int = 4


@cache
def photographs() -> tuple[Image.Image, ...]:
    """Return real photographs, RGB, long side at most :data:`LONG_SIDE`."""
    names = ("astronaut", "coffee", "chelsea", "rocket", "retina")
    arrays = [getattr(skimage.data, name)() for name in names]
    images = [Image.fromarray(a) for a in (*arrays, *load_sample_images().images)]
    for image in images:
        image.thumbnail((LONG_SIDE, LONG_SIDE))
    return tuple(image.convert("RGB") for image in images)


def photograph(number: int) -> Image.Image:
    """Return the n-th photograph; a copy."""
    images = photographs()
    return images[number % len(images)].copy()


def encode(image: Image.Image, format_: str, **options: object) -> bytes:
    """Return an encoded image."""
    stream = io.BytesIO()
    image.save(stream, format_, **options)
    return stream.getvalue()


def _cached(make: Callable[[int], bytes], variants: int) -> Callable[[int], bytes]:
    kept = cache(make)
    return lambda number: kept(number % variants)


def _jpeg(number: int) -> bytes:
    return encode(photograph(number), "JPEG", quality=70 + number % 25)


def _rotated(number: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 1 + number % 8
    return encode(photograph(number), "JPEG", exif=exif.tobytes())


def _adobe_cmyk(number: int) -> bytes:
    # Photoshop stores CMYK inverted and says so by an Adobe marker (APP14, transform 0).
    data = encode(photograph(number).convert("CMYK"), "JPEG")
    marker = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
    return data if b"Adobe" in data[:64] else data[:2] + marker + data[2:]


def _wide_grey(number: int) -> Image.Image:
    grey = np.asarray(photograph(number).convert("L")).astype(np.uint16) * 257
    return Image.fromarray(grey)


def _transparent(number: int) -> Image.Image:
    image = photograph(number).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


def _palette(number: int) -> bytes:
    return encode(photograph(number).convert("P"), "PNG", transparency=number % 200)


def _frames(number: int) -> list[Image.Image]:
    small = [photograph(number + step).resize((160, 120)) for step in range(3)]
    return small[1:]


def _animated(format_: str) -> Callable[[int], bytes]:
    def make(number: int) -> bytes:
        first = photograph(number).resize((160, 120))
        return encode(
            first, format_, save_all=True, append_images=_frames(number), duration=80, loop=0
        )

    return make


def _png_chunk(tag: bytes, data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + tag + data + struct.pack("!I", zlib.crc32(tag + data))


def png_of_zeros(width: int, height: int, *, rows: int | None = None) -> bytes:
    """Return a grey PNG of zeros, its data made row by row; ``rows`` of them, or all."""
    packer, row = zlib.compressobj(9), bytes(width + 1)
    parts = [packer.compress(row) for _ in range(height if rows is None else rows)]
    parts.append(packer.flush())
    header = struct.pack("!IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = b"".join(parts)
    chunks = (_png_chunk(b"IHDR", header), _png_chunk(b"IDAT", data), _png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _text_bomb(number: int) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "0" * (8 << 20), zip=True)
    return encode(photograph(number), "PNG", pnginfo=info)


def _huge(_number: int) -> bytes:
    # Grey: a 9000 x 9000 RGB takes seconds to encode, and decodes into the same upright RGB.
    return encode(photograph(0).convert("L").resize((9000, 9000)), "JPEG", quality=50)


def _svg(_number: int) -> bytes:
    return b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><rect width="9"/></svg>'


def _heic(_number: int) -> bytes:
    return b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(512)


def _half(make: Callable[[int], bytes]) -> Callable[[int], bytes]:
    def cut(number: int) -> bytes:
        data = make(number)
        return data[: len(data) // 2]

    return cut


def _damaged_png(number: int) -> bytes:
    data = bytearray(encode(photograph(number), "PNG", compress_level=1))
    middle = len(data) // 2
    data[middle : middle + 64] = bytes(64)
    return bytes(data)


def _saved(format_: str, **options: object) -> Callable[[int], bytes]:
    return lambda number: encode(photograph(number), format_, **options)


def recipes() -> tuple[Recipe, ...]:
    """Return every kind of file."""
    ok, cut = None, Reason.TRUNCATED
    jpeg = _cached(_jpeg, 24)
    png = _cached(_saved("PNG", compress_level=1), 7)
    plain = (
        Recipe("jpeg", ".jpg", jpeg, ok, 24),
        Recipe("progressive", ".jpeg", _cached(_saved("JPEG", progressive=True), 7)),
        Recipe("cmyk", ".jpg", _cached(lambda n: encode(photograph(n).convert("CMYK"), "JPEG"), 7)),
        Recipe("cmyk-adobe", ".jpg", _cached(_adobe_cmyk, 7)),
        Recipe("grey", ".jpg", _cached(lambda n: encode(photograph(n).convert("L"), "JPEG"), 7)),
        Recipe("exif-rotated", ".JPG", _cached(_rotated, 8), ok, 8),
        Recipe("png", ".png", png, ok, 8),
        Recipe("png-16-bit", ".png", _cached(lambda n: encode(_wide_grey(n), "PNG"), 7)),
        Recipe(
            "png-la", ".png", _cached(lambda n: encode(_transparent(n).convert("LA"), "PNG"), 7)
        ),
        Recipe("png-rgba", ".png", _cached(lambda n: encode(_transparent(n), "PNG"), 7)),
        Recipe("png-palette", ".png", _cached(_palette, 7)),
        Recipe("apng", ".png", _cached(_animated("PNG"), 4)),
        Recipe("gif-animated", ".gif", _cached(_animated("GIF"), 4)),
        Recipe("webp-animated", ".webp", _cached(_animated("WEBP"), 4)),
        Recipe("webp", ".webp", _cached(_saved("WEBP", quality=80, method=0), 7)),
        Recipe("webp-lossless", ".webp", _cached(_saved("WEBP", lossless=True, method=0), 7)),
        Recipe("bmp", ".bmp", _cached(_saved("BMP"), 3)),
        Recipe("tiff-pages", ".tif", _cached(_animated("TIFF"), 3)),
        Recipe("tiff-16-bit", ".tiff", _cached(lambda n: encode(_wide_grey(n), "TIFF"), 3)),
        Recipe("avif", ".avif", _cached(_saved("AVIF", speed=10), 3)),
        Recipe("mpo", ".mpo", _cached(_animated("MPO"), 3)),
        Recipe("png-named-jpg", ".jpg", png),
        Recipe("no-suffix", "", jpeg),
        Recipe(
            "strip", ".png", _cached(lambda n: encode(photograph(n).resize((9000, 40)), "PNG"), 2)
        ),
        Recipe("huge", ".jpg", _cached(_huge, 1), ok, 0),
    )
    hostile = (
        Recipe("one-pixel", ".png", _cached(lambda _n: png_of_zeros(1, 1), 1), Reason.TOO_SMALL),
        Recipe("jpeg-cut", ".jpg", _half(jpeg), cut),
        Recipe("png-cut", ".png", _half(png), cut),
        Recipe("webp-cut", ".webp", _half(_cached(_saved("WEBP", method=0), 4)), cut),
        Recipe("jpeg-header-only", ".jpg", lambda n: jpeg(n)[:100], cut),
        Recipe("png-damaged", ".png", _cached(_damaged_png, 4), Reason.UNDECODABLE),
        Recipe("empty", ".jpg", lambda _n: b"", Reason.EMPTY),
        Recipe("text", ".jpg", lambda n: b"just some text %d\n" % n, Reason.UNSUPPORTED),
        Recipe("svg", ".svg", _svg, Reason.UNSUPPORTED),
        Recipe("svg-named-png", ".png", _svg, Reason.UNSUPPORTED),
        Recipe("html", ".jpg", lambda n: b"<!DOCTYPE html><p>%d" % n, Reason.UNSUPPORTED),
        Recipe("pdf", ".png", lambda n: b"%%PDF-1.7\n%d" % n, Reason.UNSUPPORTED),
        Recipe("heic", ".jpg", _heic, Reason.UNSUPPORTED),
        Recipe(
            "bomb-header",
            ".png",
            _cached(lambda _n: png_of_zeros(60_000, 60_000, rows=1), 1),
            Reason.BOMB,
        ),
        Recipe(
            "bomb-zlib", ".png", _cached(lambda _n: png_of_zeros(20_000, 20_000), 1), Reason.BOMB, 1
        ),
        Recipe("bomb-text", ".png", _cached(_text_bomb, 1), Reason.BOMB, 1),
    )
    return plain + hostile


# Between them what an S3 key may hold: spaces, URL-special characters, scripts, emoji,
# right-to-left text, combining marks.
_NAMES = (
    "plain-{}",
    "with space {}",
    "plus+and%20percent-{}",
    "hash#mark-{}",
    "question?and&amp;-{}",
    "ünïcödé-{}",
    "日本語-{}",
    "עברית-{}",
    "emoji-😀-{}",
    "e\u0301-combining-{}",
    "quotes'\"-{}",
    "brackets[{}](x)",
    "comma,semi;{}",
    "deep/er/folder {}/image-{}",
    "tilde~^`{}",
    "zero\u200bwidth-{}",
)


def make_files(count: int, seed: int = 0, *, huge: int = 2) -> Iterator[tuple[Expected, bytes]]:
    """Yield ``count`` files, every kind at least once when there is room; the same for a seed."""
    chosen = recipes()
    pool = [recipe for recipe in chosen for _ in range(recipe.share)]
    order = list(chosen)[: max(0, count)]
    random_ = random.Random(seed)
    few = [recipe for recipe in chosen if recipe.kind == "huge"] * max(0, huge - 1)
    order += (few + random_.choices(pool, k=max(0, count)))[: max(0, count - len(order))]
    if not huge:
        order = [chosen[0] if recipe.kind == "huge" else recipe for recipe in order]
    random_.shuffle(order)
    names = cycle(_NAMES)
    for number, recipe in enumerate(order):
        name = next(names).replace("{}", f"{number:05d}")
        yield Expected(name + recipe.suffix, recipe.kind, recipe.reason), recipe.make(number)


def make_corpus(folder: Path, count: int, seed: int = 0, *, huge: int = 2) -> list[Expected]:
    """Write a corpus into a folder, and return what each file must come to.

    Parameters
    ----------
    folder
        Where to write; keys are paths relative to it.
    count
        Number of files; from 41 up every kind is there.
    seed
        Makes the choice of files repeatable.
    huge
        How many 81-megapixel images to have among them.
    """
    expected = []
    for outcome, data in make_files(count, seed, huge=huge):
        path = folder / outcome.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        expected.append(outcome)
    return expected
