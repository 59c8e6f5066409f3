"""What is learnt from: degraded copies, crops, and views that depend on nothing but their turn."""

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image

from detector.package import Preprocessing
from detector.preprocess import preprocess
from detector.training_request import Settings
from tests.unit.training.tune.jobs import pictures
from training.dataset import DatasetError, LabelledImage
from training.tune.batches import batches
from training.tune.crops import random_crop
from training.tune.errors import TuneError
from training.tune.order import Draw, Order
from training.tune.prefetch import default_workers, in_order
from training.tune.views import Views

SPEC = Preprocessing(size=32)
NATIVE = Preprocessing(size=32, kind="native_crop")


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> list[LabelledImage]:
    return pictures(tmp_path_factory.mktemp("levers") / "images", per_source=3)


def coordinates(width: int, height: int) -> Image.Image:
    """Return an image whose pixels say where they lie."""
    y, x = np.mgrid[:height, :width]
    return Image.fromarray(np.stack([x % 256, y % 256, x // 256 * 16 + y // 256], -1).astype("u1"))


@pytest.mark.parametrize("consistency", [0.0, 1.0])
def test_workers_change_nothing(images: list[LabelledImage], consistency: float) -> None:
    order = Order(images, 7)
    views = Views(images, SPEC, Settings(consistency=consistency))
    alone, helped = (list(batches(order, views, 5, range(3, 33), workers)) for workers in (0, 2))
    assert len(alone) == len(helped) == 6
    for one, other in zip(alone, helped, strict=True):
        assert one.pixels.shape == (5, 2 if consistency else 1, 32, 32, 3)
        assert np.array_equal(one.pixels, other.pixels)
        assert np.array_equal(one.target, other.target)
        assert np.array_equal(one.weight, other.weight)


def test_a_batch_is_the_same_from_any_beginning(images: list[LabelledImage]) -> None:
    views = Views(images, NATIVE, Settings(crops=True))
    whole = list(batches(Order(images, 1), views, 4, range(40), 2))
    rest = list(batches(Order(images, 1), views, 4, range(24, 40), 2))
    for one, other in zip(whole[6:], rest, strict=True):
        assert np.array_equal(one.pixels, other.pixels)


def test_without_degradation_an_image_is_as_it_will_be_judged(images: list[LabelledImage]) -> None:
    views = Views(images, SPEC, Settings(degrade=False))
    with Image.open(images[4].path) as image:
        expected = preprocess(image, SPEC)
    assert np.array_equal(views(Draw(4, 1, 1.0, (0, 0, 0)))[0], expected)


def test_degradations_differ_from_turn_to_turn(images: list[LabelledImage]) -> None:
    views = Views(images, SPEC, Settings())
    seen = {views(Draw(0, 1, 1.0, (0, 0, number))).tobytes() for number in range(24)}
    clean = Views(images, SPEC, Settings(degrade=False))(Draw(0, 1, 1.0, (0, 0, 0))).tobytes()
    assert clean in seen
    # Clean, web and hard give one each; rough and edited another one every time.
    assert len(seen) > 6


def test_consistency_sets_the_clean_view_beside_a_degraded_one(
    images: list[LabelledImage],
) -> None:
    views = Views(images, SPEC, Settings(consistency=1.0))
    clean = Views(images, SPEC, Settings(degrade=False))
    for number in range(8):
        draw = Draw(2, 1, 1.0, (0, 1, number))
        first, second = views(draw)
        assert np.array_equal(first, clean(draw)[0])
        assert not np.array_equal(first, second)


def test_both_views_show_the_same_place() -> None:
    image = coordinates(200, 150)
    crop = np.asarray(random_crop(image, 32, 0.5, 0.25))
    smaller = np.asarray(random_crop(image.resize((100, 75)), 32, 0.5, 0.25)).astype(int)
    centre, half = crop[16, 16, :2].astype(int), smaller[16, 16, :2]
    # Pixels tell where they lay in the whole; the window's own size shifts it by a few.
    assert np.abs(centre - half).max() <= 16


@given(
    st.integers(1, 400), st.integers(1, 400), st.floats(0, 1, exclude_max=True),
    st.floats(0, 1, exclude_max=True),
)  # fmt: skip
@hypothesis_settings(max_examples=80, deadline=None)
def test_crops_are_pixels_of_the_image(width: int, height: int, across: float, down: float) -> None:
    crop = np.asarray(random_crop(coordinates(width, height), 32, across, down))
    assert crop.shape == (32, 32, 3)
    if min(width, height) >= 32:
        x, y = (int(v) for v in crop[0, 0, :2])
        left, top = int((width - 31) * across), int((height - 31) * down)
        assert (x, y) == (left % 256, top % 256)
        assert tuple(crop[31, 31, :2]) == ((left + 31) % 256, (top + 31) % 256)


def test_crops_reach_every_edge() -> None:
    image, last = coordinates(100, 80), 1 - 1e-9
    corners = {
        tuple(np.asarray(random_crop(image, 32, x, y))[0, 0, :2].tolist())
        for x, y in itertools.product((0.0, last), repeat=2)
    }
    assert corners == {(0, 0), (68, 0), (0, 48), (68, 48)}


def test_a_strip_costs_no_memory() -> None:
    strip = Image.new("RGB", (100_000, 1), "red")
    assert random_crop(strip, 224, 0.5, 0.5).size == (224, 224)


def test_native_specs_take_random_crops(images: list[LabelledImage]) -> None:
    views = Views(images, NATIVE, Settings(degrade=False, crops=True))
    seen = {views(Draw(0, 1, 1.0, (0, 0, number))).tobytes() for number in range(6)}
    assert len(seen) > 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings(consistency=1.0, degrade=False), "set degrade: true"),
        (Settings(crops=True), "fitted on native crops"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings: Settings, message: str) -> None:
    with pytest.raises(TuneError, match=message):
        Views([], SPEC, settings)


def test_an_image_that_cannot_be_read_is_named(images: list[LabelledImage], tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    listed = [*images, LabelledImage(broken, images[0].label, "x")]
    views = Views(listed, SPEC, Settings())
    with pytest.raises(DatasetError, match=r"broken\.png cannot be read"):
        list(in_order([Draw(len(images), 1, 1.0, (0, 0, 0))], views, workers=2))


def test_a_paired_turn_without_its_pair_is_refused(images: list[LabelledImage]) -> None:
    turn = Draw(0, 1, 1.0, (0, 0, 0), paired=True, rebuilt=True)
    with pytest.raises(ValueError, match="holds the pairs"):
        Views(images, SPEC, Settings())(turn)


def test_work_ahead_stays_within_bounds_and_in_order() -> None:
    begun: list[int] = []

    def source() -> "itertools.count[int]":
        return itertools.count()

    def make(number: int) -> int:
        begun.append(number)
        return number

    stream = in_order(source(), make, 2, ahead=4)
    assert list(itertools.islice(stream, 20)) == list(range(20))
    stream.close()  # type: ignore[attr-defined]  # a generator
    assert max(begun) < 20 + 8
    assert default_workers() >= 1


def test_the_order_of_finishing_does_not_matter(images: list[LabelledImage]) -> None:
    def slow_at_first(make: Callable[[int], int]) -> Callable[[int], int]:
        return lambda n: sum(range(200_000 // (n + 1))) * 0 + make(n)

    assert list(in_order(range(12), slow_at_first(lambda n: n), 3)) == list(range(12))
