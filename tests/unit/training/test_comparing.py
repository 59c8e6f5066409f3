"""A comparison is of what both were fairly judged on, and says what keeps it from being fair."""

from dataclasses import replace

import pytest

from detector.evaluation import Estimate, Label
from tests.unit.training.page.detectors import bare, dossier
from training.comparing import AI, BALANCED, REAL, Pair, compare
from training.dossier import Dossier

ALL = ("one", "two", "three")


def held_out(found: Dossier) -> Dossier:
    """Return a detector that was only judged while it was calibrated."""
    return replace(found, held_out=found.test, test=None)


def test_a_detector_beside_itself_is_the_same() -> None:
    found = compare(dossier(), dossier())
    assert found.same_images
    assert found.same_ladder
    assert not found.fairness
    assert not found.left_out
    assert all(pair.gain == 0 and pair.overlap for pair in (*found.shared, *found.ladder))
    assert not any(fact.differs for fact in found.facts)
    assert found.verdict == ("On images as found, both do the same.", "muted")


def test_totals_over_the_same_sources_are_the_report_s_own() -> None:
    one = dossier()
    assert one.test is not None
    (real, ai, balanced) = compare(one, dossier("2", seed=1)).shared[:3]
    first = one.test.variants[0]
    assert (real.what, ai.what, balanced.what) == (REAL, AI, BALANCED)
    assert (real.first, ai.first, balanced.first) == (
        first.real_right, first.ai_right, first.balanced,
    )  # fmt: skip
    assert (real.sources, balanced.sources) == (3, 6)


def test_better_worse_or_chance() -> None:
    weak, strong = dossier(gain=1.0), dossier("2", gain=7.0, seed=1)
    sentence, mood = compare(weak, strong).verdict
    assert mood == "good"
    assert "better, beyond chance" in sentence
    sentence, mood = compare(strong, weak).verdict
    assert mood == "bad"
    assert "accuses more real photographs, beyond chance" in sentence
    sentence, mood = compare(dossier(), dossier("2", seed=1)).verdict
    assert mood == "muted"
    assert "may be chance" in sentence


def test_only_shared_sources_count() -> None:
    found = compare(dossier(sources=ALL), dossier("2", sources=ALL[:2], seed=3))
    assert not found.same_images
    assert not found.same_ladder
    assert found.left_out == ("ai-three", "real-three")
    assert {pair.source for pair in found.sources} == {
        f"{label.value}-{name}" for label in Label for name in ALL[:2]
    }
    assert found.shared[0].sources == 2
    assert any("different images" in sentence for sentence in found.fairness)


def test_a_source_with_other_images_is_not_the_same_source() -> None:
    found = compare(dossier(), dossier("2", each=20))
    assert found.left_out == tuple(sorted(f"{c.value}-{s}" for c in Label for s in ALL))
    assert not found.shared
    assert found.verdict[1] == "muted"
    assert "cannot be compared" in found.verdict[0]
    assert found.whole


def test_who_learnt_from_the_other_s_test_is_said() -> None:
    knowing = held_out(dossier("2", learnt=("real-one", "ai-one"), seed=1))
    found = compare(dossier(), knowing)
    (learnt, chose) = found.fairness
    assert learnt.startswith("clip-probe@2 learnt from 2 of the 6 sources")
    assert "ai-one, real-one" in learnt
    assert "clip-probe@1.0.0-0a1b2c3d, fitted without them, starts behind" in learnt
    assert "a test that chose nothing" in chose
    assert compare(knowing, dossier()).fairness[-1] == chose


def test_without_an_evaluation_nothing_is_compared() -> None:
    found = compare(dossier(), replace(bare(dossier("2")), test=None))
    assert "no evaluation in its package" in found.fairness[0]
    assert not found.shared
    assert not found.ladder


def test_a_test_goes_before_what_was_held_out() -> None:
    one = dossier()
    assert one.test is not None
    both = replace(one, held_out=dossier("1", gain=0.5, seed=9).test)
    assert both.judged == one.test
    assert both.figures() == one.figures()


def test_what_differs_is_named() -> None:
    two = dossier("2", learnt=("a", "b"))
    facts = {fact.name: fact for fact in compare(dossier(), two).facts}
    assert facts["sources learnt from"].differs
    assert not facts["called ai from"].differs
    assert facts["data digest"].first == "12" * 8


@pytest.mark.parametrize(
    ("low", "high", "overlap"), [(0.3, 0.5, True), (0.61, 0.7, False), (0.1, 0.9, True)]
)
def test_intervals(low: float, high: float, overlap: bool) -> None:
    first = Estimate(value=0.5, low=0.4, high=0.6)
    second = Estimate(value=(low + high) / 2, low=low, high=high)
    assert Pair(variant="clean", what=AI, first=first, second=second).overlap is overlap
    assert Pair(variant="clean", what=AI, first=second, second=first).overlap is overlap
