"""The fast resizer against Pillow's, and against itself on other processors."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from cykooz_resizer import CpuExtensions, FilterType, ResizeAlg, ResizeOptions, Resizer
from PIL import Image
from skimage import data

from detector.preprocess import Pixels
from detector.resize import RESIZERS

WAYS = [Image.Resampling.BICUBIC, Image.Resampling.BILINEAR]
PHOTOGRAPHS = ["astronaut", "coffee", "chelsea", "rocket"]
SIZES = [(224, 224), (298, 224), (61, 350)]


def resized(
    image: Image.Image, size: tuple[int, int], way: Image.Resampling, name: str = "simd"
) -> Pixels:
    return np.asarray(RESIZERS[name](image, size, way))


def noise(width: int, height: int) -> Image.Image:
    rng = np.random.default_rng([width, height])
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_photograph_is_as_pillow_shrinks_it(
    name: str, size: tuple[int, int], way: Image.Resampling
) -> None:
    image = Image.fromarray(getattr(data, name)())
    ours = resized(image, size, way)
    expected = resized(image, size, way, "pillow")
    assert ours.shape == expected.shape
    away = ours.astype(int) - expected
    assert (np.abs(away) <= 1).mean() > 0.999
    assert np.abs(away).max() <= 8
    assert abs(away.mean()) < 0.05


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [(1300, 985), (5000, 4500), (640, 960)])
def test_noise_is_as_pillow_shrinks_it(size: tuple[int, int], way: Image.Resampling) -> None:
    """The second is larger than a block of Pillow's memory.

    Little shrunk, noise has edges that are cut off between the passes, whose order differs.
    """
    image = noise(*size)
    ours = resized(image, (224, 224), way).astype(int)
    away = np.abs(ours - resized(image, (224, 224), way, "pillow"))
    assert (away <= 1).mean() > 0.999


@pytest.mark.parametrize("size", [(1, 1), (224, 224), (37, 500)])
@pytest.mark.parametrize("way", WAYS)
def test_an_even_colour_stays(way: Image.Resampling, size: tuple[int, int]) -> None:
    for colour in [(0, 0, 0), (255, 255, 255), (9, 128, 254)]:
        assert (resized(Image.new("RGB", (640, 427), colour), size, way) == colour).all()


@pytest.mark.parametrize("extensions", ["none", "sse4_1", "avx2"])
@pytest.mark.parametrize("image", [(1300, 985), (77, 131), (9, 9)], ids=str)
def test_every_processor_gives_the_same_bits(image: tuple[int, int], extensions: str) -> None:
    resizer, made = Resizer(), Image.new("RGB", (224, 224))
    if CpuExtensions[extensions].value > resizer.cpu_extensions.value:
        pytest.skip(f"this processor has no {extensions}")
    resizer.cpu_extensions = CpuExtensions[extensions]
    options = ResizeOptions(resize_alg=ResizeAlg.convolution(FilterType.catmull_rom))
    resizer.resize_pil(noise(*image), made, options)
    ours = resized(noise(*image), (224, 224), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(np.asarray(made), ours)


def test_threads_do_not_meet() -> None:
    images = [noise(400 + i, 300) for i in range(16)]
    way = Image.Resampling.BICUBIC
    alone = [resized(image, (224, 224), way) for image in images]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda image: resized(image, (224, 224), way), images))
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("mode", ["L", "RGBA", "CMYK", "P", "I;16"])
def test_another_mode_is_refused(mode: str) -> None:
    with pytest.raises(ValueError, match="turn it to RGB first"):
        RESIZERS["simd"](Image.new(mode, (9, 9)), (3, 3), Image.Resampling.BICUBIC)
