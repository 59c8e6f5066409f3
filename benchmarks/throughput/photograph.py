"""The photographs: a recipe that makes the same ones everywhere, so that none need be kept.

They come of those that open packages ship (:mod:`aidetect.samples`), which are small. A larger one
is laid out of mirrored copies at about its own resolution and not blown up: enlarging would leave
smooth files that decode faster than a camera's.
"""

import hashlib
import io
import random
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

import PIL
from PIL import Image

from aidetect.samples import PHOTOGRAPHS

SEED = 20261127
# Shares of what a folder of web and phone photographs holds.
FORMATS = {"JPEG": 0.8, "PNG": 0.12, "WEBP": 0.08}
SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp"}
# Megapixels, from and to, and the share of photographs within.
SIZES = {(0.8, 1.3): 0.7, (0.25, 0.8): 0.15, (1.3, 4.0): 0.15}
ASPECTS = (4 / 3, 3 / 2, 16 / 9, 1.0, 3 / 4, 2 / 3)
QUALITIES = (75, 95)
SCALES = (0.8, 1.25)
SOURCES = tuple((package, name) for package, names in PHOTOGRAPHS.items() for name in names)


@dataclass(frozen=True, slots=True)
class Photograph:
    """How one is made: all sizes in pixels, ``left`` and ``top`` where its cut begins."""

    number: int
    package: str
    source: str
    scale: float
    flip: bool
    left: int
    top: int
    width: int
    height: int
    format: str
    quality: int

    @property
    def name(self) -> str:
        """File name."""
        return f"{self.number:05d}{SUFFIXES[self.format]}"


def photographs(count: int) -> list[Photograph]:
    """Return the recipe of the first ``count`` photographs.

    Any run of them has about the shares of the whole: a shorter one is a smaller sample, not
    another mix.
    """
    chance = random.Random(SEED)  # noqa: S311 - no secret
    return [_photograph(number, chance) for number in range(count)]


def _photograph(number: int, chance: random.Random) -> Photograph:
    package, source = SOURCES[number % len(SOURCES)]
    low, high = chance.choices(list(SIZES), list(SIZES.values()))[0]
    pixels, aspect = chance.uniform(low, high) * 1e6, chance.choice(ASPECTS)
    return Photograph(
        number=number,
        package=package,
        source=source,
        scale=round(chance.uniform(*SCALES), 3),
        flip=chance.random() < 0.5,
        left=chance.randrange(400),
        top=chance.randrange(300),
        width=round((pixels * aspect) ** 0.5),
        height=round((pixels / aspect) ** 0.5),
        format=chance.choices(list(FORMATS), list(FORMATS.values()))[0],
        quality=chance.randint(*QUALITIES),
    )


def make(wanted: Photograph) -> bytes:
    """Return the file of a photograph."""
    with files(wanted.package).joinpath(wanted.source).open("rb") as stream:
        source = Image.open(stream).convert("RGB")
    size = (round(source.width * wanted.scale), round(source.height * wanted.scale))
    tile = source.resize(size, Image.Resampling.BICUBIC)
    if wanted.flip:
        tile = tile.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    picture = _mirrored(tile, wanted.left + wanted.width, wanted.top + wanted.height)
    picture = picture.crop((wanted.left, wanted.top, *picture.size))
    stream = io.BytesIO()
    if wanted.format == "PNG":
        picture.save(stream, "PNG")
    else:
        picture.save(stream, wanted.format, quality=wanted.quality)
    return stream.getvalue()


def _mirrored(tile: Image.Image, width: int, height: int) -> Image.Image:
    """Return a tile laid out so that neighbours meet as in a mirror."""
    picture = Image.new("RGB", (width, height))
    for row, top in enumerate(range(0, height, tile.height)):
        for column, left in enumerate(range(0, width, tile.width)):
            copy = tile
            if column % 2:
                copy = copy.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            if row % 2:
                copy = copy.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
            picture.paste(copy, (left, top))
    return picture


def write(count: int, cache: Path) -> Path:
    """Return a folder that holds the first ``count`` photographs, made on first use."""
    recipe = photographs(count)
    text = "\n".join([PIL.__version__, *(str(sorted(asdict(one).items())) for one in recipe)])
    folder = cache / "photographs" / hashlib.sha256(text.encode()).hexdigest()[:12]
    if folder.exists():
        return folder
    unfinished = folder.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for one in recipe:
        (unfinished / one.name).write_bytes(make(one))
    return unfinished.rename(folder)


@dataclass(frozen=True, slots=True)
class Mix:
    """What files are: how many of each format, mean megapixels, mean bytes."""

    images: int
    formats: dict[str, int]
    megapixels: float
    kilobytes: float


def mix_of(paths: Sequence[Path]) -> Mix:
    """Look at files."""
    formats: dict[str, int] = {}
    pixels = 0
    for path in paths:
        with Image.open(path) as image:
            pixels += image.width * image.height
            formats[str(image.format)] = formats.get(str(image.format), 0) + 1
    return Mix(
        images=len(paths),
        formats=formats,
        megapixels=round(pixels / len(paths) / 1e6, 2),
        kilobytes=round(sum(path.stat().st_size for path in paths) / len(paths) / 1000),
    )


def files_in(folder: Path) -> list[Path]:
    """Return a folder's files, in the order of their names."""
    return [path for path in sorted(folder.iterdir()) if path.is_file()]
