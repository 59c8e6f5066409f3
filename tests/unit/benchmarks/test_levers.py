"""Levers: what is tried is what is said, and no head has seen the source that it scores."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.levers.fit import Groups, held_out, unit_length, without_sources, worst_sources
from benchmarks.levers.measure import measure
from benchmarks.levers.view import VIEWS
from detector.evaluation import Label
from detector.package import Preprocessing
from training.dataset import LabelledImage
from training.degrade import Variant
from training.vision import Array

SPEC = Preprocessing(size=32)
# One axis tells the classes apart, one the sources: the other sources' classes lie along it.
SOURCES = ("one", "two", "three", "four")
EACH = 20


def images(each: int = EACH) -> list[LabelledImage]:
    """Return images of four sources of both classes; nothing reads their files."""
    return [
        LabelledImage(path=None, label=label, source=source)  # type: ignore[arg-type]
        for source in SOURCES
        for label in Label
        for _ in range(each)
    ]


def taps() -> dict[Variant, Array]:
    """Return features [N, 1, 6]: class on axis 0, faint; source on axis 1, loud; noise."""
    rng = np.random.default_rng(7)
    rows = rng.normal(size=(len(SOURCES) * 2 * EACH, 1, 6)).astype(np.float32)
    for number, image in enumerate(images()):
        rows[number, 0, 0] += 1.5 * image.target
        rows[number, 0, 1] += 4 * SOURCES.index(image.source)
    return dict.fromkeys(Variant, rows)


def test_a_native_crop_is_the_image_as_it_is() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    seen = VIEWS["native"].pixels(Image.fromarray(pixels), SPEC)
    np.testing.assert_array_equal(seen, pixels[29:61, 44:76])


def test_a_mirrored_view_is_the_whole_the_other_way_round() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    whole = VIEWS["resized"].pixels(Image.fromarray(pixels), SPEC)
    seen = VIEWS["mirrored"].pixels(Image.fromarray(pixels), SPEC)
    np.testing.assert_array_equal(seen, whole[:, ::-1])
    assert not np.array_equal(seen, whole)


@pytest.mark.parametrize("size", [(7, 90), (32, 32), (500, 33)])
def test_a_crop_near_an_edge_stays_inside(size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, "red")
    assert VIEWS["native-corner"].pixels(image, SPEC).tolist() == [[[255, 0, 0]] * 32] * 32


@pytest.mark.parametrize("lever", ["plain", "unit length", "sources shrunk", "worst sources"])
def test_each_lever_finds_what_holds_for_unseen_sources(lever: str) -> None:
    rows, known = taps(), images()
    logits = {
        "plain": lambda: held_out(rows, known),
        "unit length": lambda: held_out(rows, known, transform=unit_length),
        "sources shrunk": lambda: held_out(rows, known, transform=without_sources(10.0)),
        "worst sources": lambda: held_out(rows, known, fit=worst_sources),
    }[lever]()
    assert logits.shape == (3, len(known))
    found = measure(logits, logits, known)
    assert found.mean_auc > 0.7
    assert (found.gain, found.low, found.high) == (0, 0, 0)
    assert found.worst_source in SOURCES


def test_the_directions_of_sources_are_shrunk() -> None:
    rows, known = taps()[Variant.CLEAN][:, 0], images()
    groups = Groups(
        np.array([image.target for image in known]),
        np.array([image.source for image in known]),
        np.ones(len(known)),
    )
    changed = without_sources(10.0)(rows, groups)(rows)
    normal = (rows - rows.mean(axis=0)) / rows.std(axis=0)

    def spread(value: Array) -> float:
        return float(np.ptp([value[groups.source == name, 1].mean() for name in SOURCES]))

    def gap(value: Array) -> float:
        ai = groups.target == 1
        return float(value[ai, 0].mean() - value[~ai, 0].mean())

    assert spread(changed) < spread(normal) / 3
    assert gap(changed) > gap(normal) / 1.5


def test_no_head_saw_the_source_it_scores() -> None:
    rows, known = taps(), images()
    # One source alone says the opposite of all others: heads that saw it would know.
    for image, row in zip(known, rows[Variant.CLEAN], strict=True):
        if image.source == "two":
            row[0, 0] *= -1
            row[0, 5] += 50
    logits = held_out(rows, known)
    two = [number for number, image in enumerate(known) if image.source == "two"]
    target = np.array([known[number].target for number in two])
    clean = logits[0][two]
    assert clean[target == 1].mean() < clean[target == 0].mean()
