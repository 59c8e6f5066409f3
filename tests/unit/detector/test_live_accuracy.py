"""Counting what reviewers found."""

import pytest

from detector.live_accuracy import Share, live_accuracy
from tests.unit.detector.marked import a_mark


# Newcombe 1998, https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E,
# table I, method 3.
@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_wilsons(count: int, of: int, low: float, high: float) -> None:
    share = Share.among(count, of)
    assert share.value == count / of
    assert share.low == pytest.approx(low, abs=5e-5)
    assert share.high == pytest.approx(high, abs=5e-5)


def test_a_share_of_all_ends_at_one_and_of_none_is_unknown() -> None:
    assert Share.among(3, 3).high == 1
    assert Share.among(0, 0) == Share(count=0, of=0, value=None, low=None, high=None)


def test_counts_each_class_by_what_was_seen() -> None:
    marks = [
        a_mark(image="s3://b/1", label="real", verdict="ai"),
        a_mark(image="s3://b/2", label="real", verdict="real"),
        a_mark(image="s3://b/3", label="real", verdict="unsure"),
        a_mark(image="s3://b/4", label="ai", verdict="ai"),
        a_mark(image="s3://b/5", label="ai", verdict="real"),
        a_mark(image="s3://b/6", label="ai", verdict="error", probability=None),
    ]
    (found,) = live_accuracy(marks)
    assert (found.detector, found.images, found.without_verdict) == ("probe@1", 5, 1)
    assert (found.real_accused.count, found.real_accused.of) == (1, 3)
    assert (found.ai_found.count, found.ai_found.of) == (1, 2)
    assert (found.ai_called_real.count, found.ai_called_real.of) == (1, 2)
    assert (found.unsure.count, found.unsure.of) == (1, 5)
    assert (found.disputed.count, found.disputed.of) == (0, 0)


def test_the_newest_mark_of_an_image_counts() -> None:
    marks = [a_mark(2, label="ai"), a_mark(1, label="real"), a_mark(0, label="real")]
    (found,) = live_accuracy(marks)
    assert found.images == 1
    assert (found.ai_found.count, found.ai_found.of, found.real_accused.of) == (1, 1, 0)


def test_of_equal_moments_the_later_line_counts() -> None:
    (found,) = live_accuracy([a_mark(label="ai"), a_mark(label="real")])
    assert (found.real_accused.of, found.ai_found.of) == (1, 0)


def test_detectors_are_counted_apart() -> None:
    found = live_accuracy([a_mark(5, detector="z@1"), a_mark(detector="a@2"), a_mark(1)])
    assert [(f.detector, f.images) for f in found] == [("a@2", 1), ("probe@1", 1), ("z@1", 1)]


def test_a_dispute_is_between_reviewers_and_by_their_newest_marks() -> None:
    agreed = [
        a_mark(0, image="s3://b/1", reviewer="ann", label="ai"),
        a_mark(1, image="s3://b/1", reviewer="ann", label="real"),
        a_mark(2, image="s3://b/1", reviewer="bob", label="real"),
    ]
    disputed = [
        a_mark(0, image="s3://b/2", reviewer="ann", label="ai"),
        a_mark(1, image="s3://b/2", reviewer="bob", label="real"),
    ]
    changed_mind = [a_mark(0, image="s3://b/3", label="ai"), a_mark(1, image="s3://b/3")]
    (found,) = live_accuracy([*agreed, *disputed, *changed_mind])
    assert (found.disputed.count, found.disputed.of) == (1, 2)


def test_no_marks_no_detectors() -> None:
    assert live_accuracy([]) == ()
