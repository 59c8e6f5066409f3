"""Our pixels against transformers' own image processors, to the same value."""

from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data

from detector.package import Preprocessing
from detector.preprocess import MAX_ASPECT, Pixels, preprocess

transformers = pytest.importorskip("transformers")

SIZES = [
    (224, 224), (225, 224), (224, 225), (500, 333), (333, 500), (640, 427), (1001, 333),
    (77, 131), (33, 32), (32, 33), (300, 224), (1023, 768), (721, 768), (224, 300), (223, 1700),
    (40, 300), (301, 1999), (1, 1), (1, 8), (449, 448), (2048, 1365),
]  # fmt: skip


@pytest.fixture(scope="module")
def reference() -> Any:
    return transformers.CLIPImageProcessorPil(do_rescale=False, do_normalize=False)


def theirs(processor: Any, image: Image.Image) -> Pixels:
    channels_first = processor(image, return_tensors="np")["pixel_values"][0]
    return np.asarray(channels_first).transpose(1, 2, 0)


def noise(width: int, height: int) -> Image.Image:
    rng = np.random.default_rng([width, height])
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_every_pixel_is_equal(reference: Any, size: tuple[int, int]) -> None:
    image = noise(*size)
    np.testing.assert_array_equal(
        preprocess(image, Preprocessing()), theirs(reference, image), strict=True
    )


def test_random_sizes_are_equal(reference: Any) -> None:
    rng = np.random.default_rng(7)
    for width, height in rng.integers(16, 700, (40, 2)).tolist():
        if max(width, height) > MAX_ASPECT * min(width, height):
            continue
        image = noise(width, height)
        np.testing.assert_array_equal(preprocess(image, Preprocessing()), theirs(reference, image))


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "rocket"])
def test_real_photographs_are_equal(reference: Any, name: str) -> None:
    image = Image.fromarray(getattr(data, name)())
    np.testing.assert_array_equal(preprocess(image, Preprocessing()), theirs(reference, image))


@pytest.mark.parametrize("size", [(614, 35), (47, 431), (2000, 16), (16, 2000), (130, 1041)])
def test_strips_are_equal_to_two_levels(reference: Any, size: tuple[int, int]) -> None:
    image = noise(*size)
    ours, expected = preprocess(image, Preprocessing()), theirs(reference, image)
    assert np.abs(ours.astype(int) - expected.astype(int)).max() <= 2


def test_larger_encoders_are_equal() -> None:
    processor = transformers.CLIPImageProcessorPil(
        do_rescale=False,
        do_normalize=False,
        size={"shortest_edge": 336},
        crop_size={"height": 336, "width": 336},
    )
    image = noise(501, 399)
    np.testing.assert_array_equal(
        preprocess(image, Preprocessing(size=336)), theirs(processor, image)
    )


@pytest.fixture(scope="module", params=["bicubic", "bilinear"])
def square(request: pytest.FixtureRequest) -> tuple[Any, Preprocessing]:
    """SigLIP resizes with bicubic, SigLIP 2 with bilinear interpolation."""
    way = Image.Resampling[request.param.upper()]
    processor = transformers.SiglipImageProcessorPil(
        do_rescale=False, do_normalize=False, resample=way
    )
    return processor, Preprocessing(kind="resize_square", interpolation=request.param)


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_every_pixel_of_a_square_is_equal(
    square: tuple[Any, Preprocessing], size: tuple[int, int]
) -> None:
    processor, spec = square
    image = noise(*size)
    np.testing.assert_array_equal(preprocess(image, spec), theirs(processor, image), strict=True)


@pytest.mark.parametrize("size", [(614, 35), (47, 431), (2000, 16), (16, 2000), (130, 1041)])
def test_squares_of_strips_are_equal_to_two_levels(
    square: tuple[Any, Preprocessing], size: tuple[int, int]
) -> None:
    processor, spec = square
    image = noise(*size)
    ours, expected = preprocess(image, spec), theirs(processor, image)
    assert np.abs(ours.astype(int) - expected.astype(int)).max() <= 2
