"""Watermarks that the real encoder wrote; see ``watermarks/make.py``."""

import io
import json
from math import comb
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from batch_inference.provenance import watermark
from batch_inference.provenance.read import read_provenance
from batch_inference.provenance.watermark import MARKS, compare, read_watermark
from detector.provenance import NONE, Claim

FOLDER = Path(__file__).with_name("watermarks")
# In the order of MARKS.
NAMES = ("sd1", "sd2", "sdxl", "sdxl-swapped", "flux")


def marked(name: str) -> bytes:
    return (FOLDER / f"{name}.webp").read_bytes()


def opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
    return image


def encode(image: Image.Image, kind: str, **options: int) -> bytes:
    made = io.BytesIO()
    image.save(made, kind, **options)
    return made.getvalue()


@pytest.mark.parametrize("name", NAMES)
def test_the_mark_of_each_program_is_read(name: str) -> None:
    data = marked(name)

    found = read_provenance(data, opened(data))

    assert found.claims == (Claim.WATERMARK,)
    assert found.generator == MARKS[NAMES.index(name)].name


@pytest.mark.parametrize("name", NAMES)
def test_the_bits_are_those_that_the_real_decoder_reads(name: str) -> None:
    decoded = json.loads((FOLDER / "decoded.json").read_text())[name]

    wrong = [count for _, count in compare(np.asarray(opened(marked(name))))]

    for other, mark, count in zip(NAMES, MARKS, wrong, strict=True):
        expected = sum(
            int(bit) != wanted for bit, wanted in zip(decoded[other], mark.bits, strict=True)
        )
        # OpenCV rounds U to bytes, which turns a few bits whose blocks are of two minds; where the
        # mark is not, those are many.
        assert abs(count - expected) <= (2 if other == name else len(mark.bits) // 8), other
        assert (count <= mark.errors) == (expected <= mark.errors) == (other == name)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_a_mark_survives_where_colours_do(kind: str) -> None:
    image = opened(marked("flux"))
    data = encode(image, kind)
    fine = encode(image, "JPEG", quality=95, subsampling=0)

    assert read_provenance(data, opened(data)).claims == (Claim.WATERMARK,)
    assert read_provenance(fine, opened(fine)).claims == (Claim.WATERMARK,)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"quality": 95, "subsampling": 2}),
        ("JPEG", {"quality": 80, "subsampling": 0}),
        ("WEBP", {"quality": 90}),
        ("AVIF", {}),
    ],
)
def test_pixels_are_not_looked_at_where_no_mark_can_be(kind: str, options: dict[str, int]) -> None:
    data = encode(opened(marked("flux")), kind, **options)

    with Image.open(io.BytesIO(data)) as image:
        assert read_watermark(data, image) is None
        # Not unpacked.
        assert image.fp is not None


@pytest.mark.parametrize("box", [(0, 0, 255, 256), (0, 0, 240, 240)])
def test_sizes_that_no_generator_makes_are_not_looked_at(box: tuple[int, int, int, int]) -> None:
    data = encode(opened(marked("flux")).crop(box), "PNG")

    with Image.open(io.BytesIO(data)) as image:
        assert read_watermark(data, image) is None


@pytest.mark.parametrize(
    "name", ["astronaut", "coffee", "chelsea", "rocket", "retina", "hubble_deep_field"]
)
def test_photographs_and_noise_carry_none(name: str) -> None:
    pixels = getattr(skimage.data, name)()
    height, width = (side // 8 * 8 for side in pixels.shape[:2])

    for _, wrong in compare(pixels[:height, :width]):
        assert wrong > 5


def test_flat_and_grey_images_carry_none() -> None:
    for colour in ("black", "white", "grey", "red", "lime", "blue"):
        data = encode(Image.new("RGB", (512, 512), colour), "PNG")
        assert read_provenance(data, opened(data)) == NONE
    noise = np.random.default_rng(3).integers(0, 256, (512, 512, 3), dtype=np.uint8)
    assert all(wrong > mark.errors for mark, wrong in compare(noise))


def test_a_large_image_is_sampled_by_rows_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.asarray(opened(marked("sdxl")))
    monkeypatch.setattr(watermark, "MAX_BLOCKS", pixels.shape[0] * pixels.shape[1] // 64 // 2)

    changed = pixels.copy()
    # The second row of blocks is not among those looked at, so what is there does not matter.
    changed[8:16] = 0
    wrong = [[count for _, count in compare(these)] for these in (pixels, changed)]

    assert wrong[0] == wrong[1]
    assert wrong[0][2] <= MARKS[2].errors


def test_the_stated_chance_of_a_false_mark() -> None:
    chances = []
    for mark in MARKS:
        length = len(mark.bits)
        chances.append(sum(comb(length, wrong) for wrong in range(mark.errors + 1)) / 2**length)

    assert max(chances) < 1e-7
    assert sum(chances) < 1e-6
