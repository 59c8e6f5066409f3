"""The ladder: what each rung does to pixels, and which images go up it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from detector.evaluation import Label
from training.dataset import LabelledImage
from training.degrade import Variant, degrade, recompress
from training.ladder import COPIES, LADDER, SCREEN, choose, double_jpeg, make_copy, screenshot


def picture(width: int = 200, height: int = 120) -> Image.Image:
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
    return noise.filter(ImageFilter.GaussianBlur(2))


def difference(one: Image.Image, other: Image.Image) -> float:
    pixels = [np.asarray(image, dtype=np.float64) for image in (one, other)]
    return float(np.abs(pixels[0] - pixels[1]).mean())


def test_names_are_no_variants_and_the_images_as_found_come_first() -> None:
    assert COPIES[0] == Variant.CLEAN
    assert len(LADDER) == 16
    assert not set(LADDER) & {v.value for v in Variant}


@pytest.mark.parametrize("name", COPIES)
@pytest.mark.parametrize("size", [(200, 120), (1, 1), (3, 700)])
def test_every_rung_takes_any_image_and_does_the_same_again(
    name: str, size: tuple[int, int]
) -> None:
    image = picture(*size)
    before = image.tobytes()
    made = make_copy(image, name, 1)
    assert made.mode == "RGB"
    assert min(made.size) >= 1
    assert made.tobytes() == make_copy(image, name, 2).tobytes()
    assert image.tobytes() == before


def test_stronger_rungs_change_more() -> None:
    image = picture()
    for names in (
        ("jpeg-95", "jpeg-80", "jpeg-60", "jpeg-40", "jpeg-30"),
        ("webp-80", "webp-40"),
        ("blur-1", "blur-2"),
    ):
        changes = [difference(image, make_copy(image, name, 0)) for name in names]
        assert changes == sorted(changes)
        assert changes[0] > 0


def test_sizes() -> None:
    image = picture()
    assert make_copy(image, "resize-25", 0).size == (50, 30)
    assert make_copy(image, "resize-75", 0).size == (150, 90)
    half = make_copy(image, "crop-50", 0)
    assert half.size == (100, 60)
    assert half.tobytes() == image.crop((50, 30, 150, 90)).tobytes()
    assert double_jpeg(image).size == (197, 117)
    assert screenshot(image).size == (1800, SCREEN[1])
    assert screenshot(picture(4000, 40)).size == (SCREEN[0], 19)


def test_the_second_compression_is_off_the_first_ones_grid() -> None:
    image = picture()
    aligned = recompress(recompress(image, "JPEG", 75).crop((8, 8, 200, 120)), "JPEG", 50)
    moved = make_copy(image, "jpeg-75-50", 0)
    assert difference(aligned.crop((0, 0, 100, 100)), moved.crop((5, 5, 105, 105))) > 1


def test_a_screenshot_is_warmer() -> None:
    grey = Image.new("RGB", SCREEN, (128, 128, 128))
    red, _green, blue = screenshot(grey).getpixel((100, 100))  # type: ignore[misc]
    assert red > blue + 4


def test_a_copy_of_another_name_is_a_variant() -> None:
    image = picture()
    assert make_copy(image, "rough", 3).tobytes() == degrade(image, Variant.ROUGH, 3).tobytes()
    with pytest.raises(ValueError, match="no-such"):
        make_copy(image, "no-such", 0)


def test_an_image_too_long_for_webp_is_shrunk_to_what_it_holds() -> None:
    assert make_copy(Image.new("RGB", (16_500, 8)), "webp-80", 0).width == 16_383


def some(order: int = 1) -> list[LabelledImage]:
    return [
        LabelledImage(Path(f"/{label}/{source}/{n}.png"), label, source)
        for label in Label
        for source, count in (("large", 50), ("small", 2))
        for n in range(count)
    ][::order]


def test_as_many_of_each_group_as_there_are() -> None:
    images = some()
    chosen = choose(images, 5)
    assert chosen == sorted(set(chosen))
    taken = [(images[n].label, images[n].source) for n in chosen]
    assert {key: taken.count(key) for key in taken} == {
        (Label.REAL, "large"): 5, (Label.REAL, "small"): 2,
        (Label.AI, "large"): 5, (Label.AI, "small"): 2,
    }  # fmt: skip


def test_the_choice_is_the_same_in_any_order_and_not_the_first_ones() -> None:
    forth, back = some(), some(-1)
    chosen = {forth[n].path for n in choose(forth, 5)}
    assert chosen == {back[n].path for n in choose(back, 5)}
    assert chosen != {image.path for image in forth if image.path.stem in "01234"}
    assert chosen < {forth[n].path for n in choose(forth, 6)}
