"""Every kind of image becomes upright 8-bit RGB, and then the graph's pixels."""

import io
import resource
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from detector.package import Preprocessing
from detector.preprocess import prepare, preprocess, seen_part, upright_rgb

RAMP = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype("<u2")


def saved(image: Image.Image, codec: str, **options: Any) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, codec, **options)
    buffer.seek(0)
    return Image.open(buffer)


def png16(colour_type: int, pixel: bytes) -> Image.Image:
    """Make a 4 by 4 PNG of 16 bits a channel; Pillow writes none in colour."""

    def chunk(name: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + check

    header = struct.pack(">IIBBBBB", 4, 4, 16, colour_type, 0, 0, 0)
    rows = zlib.compress((b"\0" + pixel * 4) * 4)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return Image.open(io.BytesIO(b"\x89PNG\r\n\x1a\n" + parts))


def corners(image: Image.Image) -> tuple[tuple[int, ...], tuple[int, ...]]:
    pixels = np.asarray(upright_rgb(image))
    assert pixels.ndim == 3
    assert pixels.shape[2] == 3
    assert pixels.dtype == np.uint8
    return tuple(pixels[0, 0].tolist()), tuple(pixels[-1, -1].tolist())


@pytest.mark.parametrize(
    "image",
    [
        saved(Image.fromarray(RAMP), "PNG"),
        saved(Image.fromarray(RAMP), "TIFF"),
        Image.frombytes("I;16B", (64, 64), RAMP.astype(">u2").tobytes()),
        Image.fromarray(RAMP.astype("<i4")),
        Image.fromarray((RAMP / 65535).astype(np.float32)),
        Image.fromarray((RAMP / 257).astype(np.float32)),
    ],
    ids=["png16", "tiff16", "big-endian", "int32", "float 0-1", "float 0-255"],
)
def test_deep_greys_are_scaled_not_clipped(image: Image.Image) -> None:
    assert corners(image) == ((0, 0, 0), (255, 255, 255))
    assert abs(np.asarray(upright_rgb(image)).mean() - 127.5) < 0.1


def test_16_bit_colour() -> None:
    image = png16(2, struct.pack(">HHH", 65535, 32768, 0))
    assert corners(image)[0] == (255, 128, 0)


@pytest.mark.parametrize("pixel", [(4, ">HH", (0, 0)), (6, ">HHHH", (0, 0, 0, 0))])
def test_16_bit_transparency_is_white(pixel: tuple[int, str, tuple[int, ...]]) -> None:
    kind, layout, values = pixel
    assert corners(png16(kind, struct.pack(layout, *values)))[0] == (255, 255, 255)


def palette() -> Image.Image:
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    return image


CLEAR_LA = Image.merge("LA", [Image.new("L", (8, 8), 0), Image.new("L", (8, 8), 0)])


@pytest.mark.parametrize(
    ("image", "colour"),
    [
        (palette(), (255, 0, 0)),
        (saved(palette(), "PNG", transparency=1), (255, 255, 255)),
        (saved(palette(), "PNG", transparency=bytes([255, 128])), (255, 127, 127)),
        (saved(CLEAR_LA, "PNG"), (255, 255, 255)),
        (CLEAR_LA.convert("La"), (255, 255, 255)),
        (Image.new("RGBA", (8, 8), (0, 0, 0, 0)).convert("RGBa"), (255, 255, 255)),
        (Image.new("RGBA", (8, 8), (200, 0, 0, 255)), (200, 0, 0)),
        (saved(Image.new("RGB", (8, 8), (1, 2, 3)), "PNG", transparency=(1, 2, 3)), (255,) * 3),
        (saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "TIFF"), (255, 0, 0)),
        (Image.new("1", (8, 8), 1), (255, 255, 255)),
        (Image.fromarray(np.full((8, 8), np.nan, np.float32)), (0, 0, 0)),
    ],
    ids=[
        "P",
        "P+index",
        "P+alphas",
        "LA",
        "La",
        "RGBa",
        "RGBA",
        "RGB+key",
        "CMYK",
        "bilevel",
        "nan",
    ],
)
def test_every_mode_becomes_rgb(image: Image.Image, colour: tuple[int, ...]) -> None:
    assert corners(image)[0] == colour


@pytest.mark.parametrize("codec", ["GIF", "PNG", "TIFF", "WEBP"])
def test_the_first_frame_counts(codec: str) -> None:
    first, second = Image.new("RGB", (32, 32), "red"), Image.new("RGB", (32, 32), "blue")
    options: dict[str, Any] = {"lossless": True} if codec == "WEBP" else {}
    moving = saved(first, codec, save_all=True, append_images=[second], **options)
    assert corners(moving)[0] == (255, 0, 0)


@pytest.mark.parametrize(
    ("orientation", "size", "place"),
    [
        (0, (20, 10), (0, 0)),
        (1, (20, 10), (0, 0)),
        (2, (20, 10), (0, 19)),
        (3, (20, 10), (9, 19)),
        (4, (20, 10), (9, 0)),
        (5, (10, 20), (0, 0)),
        (6, (10, 20), (0, 9)),
        (7, (10, 20), (19, 9)),
        (8, (10, 20), (19, 0)),
        (9, (20, 10), (0, 0)),
    ],
)
def test_exif_orientation_is_followed(
    orientation: int, size: tuple[int, int], place: tuple[int, int]
) -> None:
    image = Image.new("RGB", (20, 10))
    image.putpixel((0, 0), (255, 255, 255))
    exif = Image.Exif()
    exif[0x112] = orientation
    turned = upright_rgb(saved(image, "PNG", exif=exif))
    assert turned.size == size
    assert np.argwhere(np.asarray(turned)[..., 0] == 255).tolist() == [list(place)]


@pytest.mark.parametrize("codec", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "block",
    [
        b"garbage!!" * 4,
        b"",
        b"\xff" * 20,
        bytes(64),
        b"MM\0*\xff\xff\xff\xff",
        b"MM\0*\0\0\0\x08\0\x05\x01",
    ],
)
@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_a_damaged_exif_block_leaves_the_image_as_stored(codec: str, block: bytes) -> None:
    image = saved(Image.new("RGB", (20, 10), "red"), codec, exif=b"Exif\0\0" + block)
    turned = upright_rgb(image)
    assert turned.size == (20, 10)
    assert turned.mode == "RGB"


def test_damaged_pixels_are_no_matter_of_the_exif_block() -> None:
    buffer = io.BytesIO()
    Image.fromarray(RAMP).save(buffer, "PNG", exif=b"Exif\0\0garbage!!")
    data = buffer.getvalue()
    cut = Image.open(io.BytesIO(data[: len(data) // 2]))
    with pytest.raises(OSError, match="truncated"):
        upright_rgb(cut)


@pytest.mark.parametrize("resizer", ["pillow", "simd"])
@pytest.mark.parametrize("kind", ["resize_center_crop", "resize_square", "native_crop"])
@pytest.mark.parametrize("size", [(1, 1), (1, 50_000), (50_000, 1), (3, 90_000), (223, 1785)])
def test_any_shape_becomes_the_graphs_pixels(
    size: tuple[int, int], kind: str, resizer: str
) -> None:
    spec = Preprocessing(kind=kind, resizer=resizer)
    pixels = preprocess(Image.new("RGB", size, (9, 8, 7)), spec)
    assert pixels.shape == (224, 224, 3)
    assert pixels.dtype == np.uint8
    assert (pixels == (9, 8, 7)).all()


@pytest.mark.parametrize("resizer", ["pillow", "simd"])
@pytest.mark.parametrize("kind", ["resize_center_crop", "resize_square", "native_crop"])
@pytest.mark.parametrize("size", [(1, 4_000_000), (4_000_000, 1)])
def test_a_hostile_strip_costs_no_memory(size: tuple[int, int], kind: str, resizer: str) -> None:
    """Brought to 224 pixels across, either strip would take gigabytes."""
    strip = Image.new("RGB", size)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + (256 << 20), hard))
    try:
        assert not preprocess(strip, Preprocessing(kind=kind, resizer=resizer)).any()
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((224, 224), (0, 0)),
        ((225, 224), (0, 0)),
        ((640, 427), (208, 101)),
        ((224, 9000), (0, 4388)),
    ],
)
def test_a_native_crop_is_the_centre_as_it_is(size: tuple[int, int], box: tuple[int, int]) -> None:
    rng = np.random.default_rng(4)
    pixels = rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    made = preprocess(Image.fromarray(pixels), Preprocessing(kind="native_crop"))
    left, top = box
    np.testing.assert_array_equal(made, pixels[top : top + 224, left : left + 224])


@pytest.mark.parametrize("size", [(223, 500), (500, 223), (60, 40), (10, 3000)])
def test_a_native_crop_enlarges_what_is_too_small(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(4)
    image = Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
    made = preprocess(image, Preprocessing(kind="native_crop"))
    np.testing.assert_array_equal(made, preprocess(image, Preprocessing()))


@pytest.mark.parametrize(
    "spec",
    [
        {"kind": "five_crops"},
        {"interpolation": "lanczos"},
        {"interpolation": "bilinear"},
        {"kind": "native_crop", "interpolation": "bilinear"},
        {"kind": "resize_square", "interpolation": "lanczos"},
        {"resizer": "opencv"},
    ],
)
def test_unknown_preprocessing_is_refused(spec: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="deploy the version that built the detector"):
        preprocess(Image.new("RGB", (9, 9)), Preprocessing(**spec))


@pytest.mark.parametrize("resizer", ["pillow", "simd"])
@pytest.mark.parametrize("kind", ["resize_center_crop", "native_crop", "resize_square"])
@pytest.mark.parametrize("size", [(400, 300), (300, 401), (100, 60), (64, 64), (1999, 65)])
def test_the_part_that_is_seen_is_told(kind: str, size: tuple[int, int], resizer: str) -> None:
    spec = Preprocessing(kind=kind, size=64, interpolation="bicubic", resizer=resizer)
    # Across and down, the level says where a pixel is from; the very edges are blurred.
    across, down = np.meshgrid(*(np.linspace(0, 1, side) for side in size))
    ramps = np.stack([across, down, across], axis=2)
    image = Image.fromarray((ramps * 255).round().astype(np.uint8))
    x, y, width, height = seen_part(*size, spec)
    pixels = preprocess(image, spec).astype(float) / 255
    middle = pixels[32, :, 0], pixels[:, 32, 1]
    for levels, start, share in zip(middle, (x, y), (width, height), strict=True):
        assert levels[0] == pytest.approx(start + share / 128, abs=0.012)
        assert levels[-1] == pytest.approx(start + share - share / 128, abs=0.012)
    np.testing.assert_array_equal(prepare(image, spec).pixels, preprocess(image, spec))
