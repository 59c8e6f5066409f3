"""Thumbnails: whole, small, upright, sRGB, and nothing but pixels."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from batch_inference import thumbnail
from batch_inference.decoding import decode
from batch_inference.thumbnail import encode_thumbnail, small_pixels
from detector.package import Preprocessing
from detector.plan import Limits
from detector.preprocess import Pixels, prepare
from tests.corpus import encode, photograph, photographs


def small_of(image: Image.Image, profile: bytes | None = None) -> Pixels:
    return small_pixels(image, prepare(image, Preprocessing()).whole, profile)


def made(data: bytes) -> Pixels:
    *_, decoded = decode(data, Preprocessing(), Limits(), thumbnail=True)
    assert decoded.thumbnail is not None
    return decoded.thumbnail


@pytest.mark.parametrize(
    ("size", "small"),
    [
        ((400, 300), (192, 144)),
        ((300, 4000), (14, 192)),
        ((5000, 40), (192, 2)),
        ((100, 90), (100, 90)),
        ((20000, 32), (192, 1)),
    ],
)
def test_the_long_side_is_bounded_and_nothing_is_enlarged(
    size: tuple[int, int], small: tuple[int, int]
) -> None:
    pixels = small_of(Image.new("RGB", size, (9, 8, 7)))
    assert pixels.shape == (small[1], small[0], 3)
    assert (pixels == (9, 8, 7)).all()


@pytest.mark.parametrize("kind", ["resize_center_crop", "native_crop", "resize_square"])
@pytest.mark.parametrize("photo", photographs())
def test_the_short_way_changes_little(photo: Image.Image, kind: str) -> None:
    large = photo.resize((photo.width * 3, photo.height * 3))
    scale = 192 / max(large.size)
    plain = large.resize(
        (round(large.width * scale), round(large.height * scale)), Image.Resampling.BICUBIC
    )
    whole = prepare(large, Preprocessing(kind=kind, size=224)).whole
    assert (whole is large) == (kind == "native_crop")
    small = small_pixels(large, whole).astype(int)
    assert np.abs(small - np.asarray(plain)).mean() < 3


def test_it_is_upright() -> None:
    image = photograph(0)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = made(encode(image, "PNG", exif=exif))
    np.testing.assert_array_equal(turned, small_of(image.transpose(Image.Transpose.ROTATE_270)))


def swapped() -> bytes:
    """Return a profile like sRGB's with its red and blue primaries exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile)


def test_colours_are_brought_to_srgb() -> None:
    red = Image.new("RGB", (64, 48), (250, 10, 10))
    pixels = made(encode(red, "PNG", icc_profile=swapped()))
    assert (pixels[..., 2] > 200).all()
    assert (pixels[..., 0] < 60).all()
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    again = made(encode(red, "PNG", icc_profile=plain))
    assert np.abs(again.astype(int) - (250, 10, 10)).max() <= 1


def unsound() -> list[Any]:
    sound = swapped()
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    grey = sound[:16] + b"GRAY" + sound[20:]
    return [b"no profile", sound[:-200], sound[:132], lab, grey, b"\0" * (2 << 20)]


@pytest.mark.parametrize("number", range(6))
def test_profiles_that_are_not_sound_or_not_of_rgb_are_ignored(number: int) -> None:
    image = photograph(0)
    plain = small_of(image)
    np.testing.assert_array_equal(small_of(image, unsound()[number]), plain)


def test_damaged_profiles_do_not_escape() -> None:
    image, sound = Image.new("RGB", (40, 40), (200, 100, 50)), swapped()
    random = np.random.default_rng(3)
    for _ in range(60):
        profile = bytearray(sound)
        for at in random.integers(0, len(profile), 6):
            profile[at] = random.integers(0, 256)
        assert small_of(image, bytes(profile)).shape == (40, 40, 3)


def test_conversions_that_are_kept_are_few() -> None:
    image, sound = Image.new("RGB", (8, 8)), swapped()
    for number in range(thumbnail.PROFILES + 5):
        small_of(image, sound + bytes([number]))
    assert thumbnail._conversion.cache_info().currsize <= thumbnail.PROFILES


def test_it_is_stored_as_webp_of_pixels_alone() -> None:
    data = encode(
        photograph(0),
        "JPEG",
        icc_profile=swapped(),
        exif=photograph(0).getexif(),
        comment=b"secret",
    )
    stored = encode_thumbnail(made(data))
    assert len(stored) < 16 << 10
    with Image.open(io.BytesIO(stored)) as image:
        assert (image.format, image.mode, max(image.size)) == ("WEBP", "RGB", 192)
        assert not {"icc_profile", "exif", "xmp"} & set(image.info)
    assert b"secret" not in stored
