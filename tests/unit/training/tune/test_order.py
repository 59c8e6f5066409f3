"""The order of images: balanced, endless, and the same from any place in it."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.evaluation import Label
from training.dataset import LabelledImage
from training.probe import balance
from training.tune.errors import TuneError
from training.tune.order import Draw, Order


def listed(real: list[int], ai: list[int]) -> list[LabelledImage]:
    """Return images of sources of these sizes."""
    return [
        LabelledImage(Path(f"{label.value}-{source}-{number}"), label, f"{label.value}-{source}")
        for label, sizes in ((Label.REAL, real), (Label.AI, ai))
        for source, size in enumerate(sizes)
        for number in range(size)
    ]


def epoch_of(order: Order, number: int) -> list[Draw]:
    first = number * order.epoch_length
    return [order[position] for position in range(first, first + order.epoch_length)]


sizes = st.lists(st.integers(1, 30), min_size=1, max_size=5)
data = st.builds(listed, sizes, sizes)


@given(data, st.integers(0, 2**32), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_every_image_is_drawn_as_its_weight_says(
    images: list[LabelledImage], seed: int, epoch: int
) -> None:
    drawn = Counter(draw.image for draw in epoch_of(Order(images, seed), epoch))
    # An odd number of images cannot be halved: the classes then differ by one.
    slack = 1 + 2 / len(images)
    for index, weight in enumerate(balance(images)):
        assert weight / slack - 1 < drawn[index] < weight * slack + 1
    assert abs(sum(n for i, n in drawn.items() if images[i].target) - len(images) / 2) <= 0.5


@given(data, st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_sources_of_a_class_have_the_same_say(images: list[LabelledImage], seed: int) -> None:
    drawn = Counter(images[draw.image].source for draw in epoch_of(Order(images, seed), 0))
    for label in Label:
        shares = [drawn[s] for s in {i.source for i in images if i.label is label}]
        assert max(shares) - min(shares) <= 2


@given(data, st.integers(0, 2**32), st.integers(0, 400), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_a_place_in_the_order_is_a_single_number(
    images: list[LabelledImage], seed: int, position: int, pairs: float
) -> None:
    walked = Order(images, seed, pairs)
    through = [walked[p] for p in range(position + 1)]
    assert Order(images, seed, pairs)[position] == through[-1]
    # And going back is no different.
    assert walked[position // 2] == through[position // 2]


@given(data, st.integers(0, 2**32), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_pairs_follow_each_other_and_classes_still_weigh_the_same(
    images: list[LabelledImage], seed: int, pairs: float
) -> None:
    draws = epoch_of(Order(images, seed, pairs), 1)
    rebuilt = [number for number, draw in enumerate(draws) if draw.rebuilt]
    for number in rebuilt:
        real, copy = draws[number - 1], draws[number]
        assert (real.image, real.key, real.paired, real.target) == (copy.image, copy.key, True, 0)
        assert copy.target == 1
    real_turns = sum(draw.target == 0 for draw in draws)
    assert len(rebuilt) == round(pairs * real_turns)
    assert sum(draw.paired for draw in draws) == 2 * len(rebuilt)
    by_class = [sum(d.weight for d in draws if d.target == label) for label in (0, 1)]
    assert by_class[0] == pytest.approx(by_class[1])
    assert sum(by_class) == pytest.approx(len(draws))


def test_each_turn_has_chances_of_its_own() -> None:
    order = Order(listed([7, 3], [5]), seed=3)
    keys = [order[position].key for position in range(4 * order.epoch_length)]
    assert len(set(keys)) == len(keys)


def test_epochs_and_seeds_differ() -> None:
    images = listed([20], [20])
    order = Order(images, 0)
    first = [draw.image for draw in epoch_of(order, 0)]
    assert first != [draw.image for draw in epoch_of(order, 1)]
    assert first != [draw.image for draw in epoch_of(Order(images, 1), 0)]
    assert sorted(first) == list(range(40))


@pytest.mark.parametrize("images", [listed([3], []), listed([], [3]), []])
def test_one_class_alone_is_refused(images: list[LabelledImage]) -> None:
    with pytest.raises(TuneError, match="give both classes"):
        Order(images, 0)
