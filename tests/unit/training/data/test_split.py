"""Splits: whole sources, the dataset's own where it has one, and no leaks."""

from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.evaluation import Label
from tests.unit.training.data.pictures import entry
from training.data.catalog import TEST, TRAIN, CatalogEntry
from training.data.split import (
    LeakError,
    Split,
    SplitError,
    calibration_sources,
    leaks,
    split,
    with_held,
)

REAL, AI = Label.REAL, Label.AI


def entries(sources: dict[tuple[Label, str], int], split_: str = "") -> list[CatalogEntry]:
    made: list[CatalogEntry] = []
    for (label, source), count in sources.items():
        made += [entry(len(made) + n, label, source, split_) for n in range(count)]
    return made


def four_each(images: int = 10) -> dict[tuple[Label, str], int]:
    return {(label, f"{label.value}-{n}"): images for label in Label for n in range(4)}


def sides(found: tuple[CatalogEntry, ...]) -> dict[str, set[str]]:
    return {side: {e.source for e in found if e.split == side} for side in (TRAIN, TEST)}


def test_whole_sources_are_held_out() -> None:
    done = split(entries(four_each()))
    assert not done.given
    found = sides(done.entries)
    assert not found[TRAIN] & found[TEST]
    assert Counter((e.split, e.label) for e in done.entries) == {
        (TRAIN, REAL): 30, (TEST, REAL): 10, (TRAIN, AI): 30, (TEST, AI): 10,
    }  # fmt: skip
    assert split(entries(four_each())[::-1]).entries == done.entries[::-1]


def test_all_in_train_is_no_split() -> None:
    assert not split(entries(four_each(), TRAIN)).given


def test_a_source_of_both_classes_goes_to_one_side() -> None:
    counts = {(label, f"repo-{n}"): 10 for label in Label for n in range(4)}
    found = sides(split(entries(counts)).entries)
    assert len(found[TEST]) == 1
    assert not found[TRAIN] & found[TEST]


def test_about_a_quarter_of_uneven_sources() -> None:
    counts = {
        (label, f"{label.value}-{n}"): 5 + 17 * n * n % 100 for label in Label for n in range(20)
    }
    done = split(entries(counts))
    for label in Label:
        share = Counter(e.split for e in done.entries if e.label is label)
        assert 0.2 < share[TEST] / share.total() < 0.3


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([(1, 0), (0, 1), (1, 1)]), st.integers(1, 30)),
        min_size=3, max_size=9,
    )
)  # fmt: skip
def test_a_split_keeps_its_promises_or_says_why_not(
    drawn: list[tuple[tuple[int, int], int]],
) -> None:
    counts = {
        (label, f"s{n}"): size
        for n, (has, size) in enumerate(drawn)
        for label, wanted in zip(Label, has, strict=True)
        if wanted
    }
    with suppress(SplitError):
        check_promises(split(entries(counts)))


def check_promises(done: Split) -> None:
    for label in Label:
        found = sides(tuple(e for e in done.entries if e.label is label))
        assert len(found[TRAIN]) >= 2
        assert found[TEST]
    assert not leaks(done.entries)


def test_the_datasets_own_split_is_honoured() -> None:
    mine = entries(four_each(), TRAIN) + [
        e.model_copy(update={"sha256": f"{9000 + n:064x}"})
        for n, e in enumerate(entries({(REAL, "r"): 5, (AI, "a"): 5}, TEST))
    ]
    mine = [
        e.model_copy(update={"phash": f"{(n * 0x9E3779B97F4A7C15) % 2**64:016x}"})
        for n, e in enumerate(mine)
    ]
    # What has no split goes where its source is.
    mine += [entry(500, AI, "a"), entry(501, AI, "new")]
    done = split(mine)
    assert done.given
    assert sides(done.entries)[TEST] == {"r", "a"}
    assert {e.source for e in done.entries if e.split == TRAIN} >= {"new", "real-0"}


def test_a_leak_is_named() -> None:
    mine = entries({**four_each(), (AI, "flux"): 4}, TRAIN)
    mine += [entry(900, AI, "flux", TEST), entry(901, REAL, "x", TEST)]
    with pytest.raises(LeakError, match=r"leaks: flux \(ai\) has images in train and in test"):
        split(mine)
    many = entries(four_each(), TRAIN)
    many += [e.model_copy(update={"split": TEST}) for e in many]
    with pytest.raises(LeakError, match="and 3 more has images"):
        split(many)


def test_one_source_may_be_real_here_and_ai_there() -> None:
    mine = entries({(REAL, "repo"): 4, (REAL, "b"): 4, (AI, "c"): 4, (AI, "d"): 4}, TRAIN)
    mine += [entry(900, AI, "repo", TEST), entry(901, REAL, "x", TEST)]
    assert split(mine).given


def test_near_duplicates_of_test_images_leave_train() -> None:
    mine = entries(four_each(), TRAIN)
    judged = [entry(900, AI, "a", TEST), entry(901, REAL, "r", TEST)]
    like = int(judged[0].phash, 16)
    mine[0] = mine[0].model_copy(update={"phash": f"{like ^ 0b1111:016x}"})
    mine[1] = mine[1].model_copy(update={"phash": f"{like ^ 0b11111:016x}"})
    mine[2] = mine[2].model_copy(update={"phash": ""})
    done = split(mine + judged)
    assert done.near_duplicates == 1
    assert mine[0].sha256 not in {e.sha256 for e in done.entries}
    assert len(done.entries) == len(mine) + 1


def test_near_duplicates_may_take_too_much() -> None:
    mine = entries({(label, f"{label.value}-{n}"): 1 for label in Label for n in range(2)}, TRAIN)
    mine += [
        mine[0].model_copy(update={"sha256": "e" * 64, "source": "x", "split": TEST}),
        entry(901, AI, "y", TEST),
    ]
    with pytest.raises(SplitError, match="train has 'real' images of 1 sources and needs 2"):
        split(mine)


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ({}, "the dataset holds no images; expected folders"),
        ({(AI, "a"): 3}, "all 3 images are 'ai', .* add 'real' images in real/<source>/"),
        (
            {(AI, "a"): 3, (AI, "b"): 3, (AI, "c"): 3, (REAL, "x"): 3, (REAL, "y"): 3},
            r"'real' images are of 2 sources \(x, y\) and 3 are needed.*column 'source'",
        ),
    ],
)
def test_too_little_is_explained(sources: dict[tuple[Label, str], int], message: str) -> None:
    with pytest.raises(SplitError, match=message):
        split(entries(sources))


def test_sources_that_cannot_be_parted_are_explained() -> None:
    # Each choice of a test source of AI images takes a real one away, and leaves one too few.
    counts = {(AI, f"s{n}"): 5 for n in range(3)} | {(REAL, f"s{n}"): 5 for n in range(3)}
    assert split(entries(counts)).entries
    counts = {(AI, "ab"): 5, (AI, "bc"): 5, (AI, "c"): 5}
    counts |= {(REAL, "ab"): 5, (REAL, "x"): 5, (REAL, "y"): 5}
    assert sides(split(entries(counts)).entries)[TEST] == {"ab"}


@pytest.mark.parametrize(("sources", "left"), [(2, 1), (3, 2), (4, 3), (10, 8)])
def test_sources_are_held_for_calibration(sources: int, left: int) -> None:
    mine = entries({(label, f"{label.value}-{n}"): 10 for label in Label for n in range(sources)},
                   TRAIN)  # fmt: skip
    mine += entries({(AI, "never"): 99}, TEST)
    held = calibration_sources(mine)
    assert held == calibration_sources(mine[::-1])
    assert "never" not in held
    for label in Label:
        mine_left = {e.source for e in mine if e.label is label and e.split == TRAIN} - held
        assert len(mine_left) == left
    marked = with_held(mine, held)
    assert {e.source for e in marked if e.held} == held


def test_too_few_to_calibrate_is_explained() -> None:
    mine = entries({(AI, "a"): 3, (AI, "b"): 3, (REAL, "x"): 3}, TRAIN)
    with pytest.raises(SplitError, match=r"1 source\(s\) of 'real' images.*use the recipe probe"):
        calibration_sources(mine)
