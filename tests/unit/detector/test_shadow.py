import pytest

from detector.shadow import ShadowFinding, ShadowRequest
from detector.verdict import Verdict

NAMES = dict.fromkeys(("batch", "shadow", "champion", "challenger", "at"), "x")


def test_the_sample_is_of_the_size_asked_for_and_always_the_same() -> None:
    asked = ShadowRequest(detector="new@2", share=0.2)
    batches = [f"batch-{n}" for n in range(2000)]
    picked = [batch for batch in batches if asked.picks(batch)]
    assert 340 < len(picked) < 460
    assert picked == [batch for batch in batches if asked.picks(batch)]
    # A larger share holds the smaller one.
    more = ShadowRequest(detector="new@2", share=0.5)
    assert all(more.picks(batch) for batch in picked)
    assert all(ShadowRequest(detector="new@2", share=1).picks(batch) for batch in batches)


def test_a_shadow_is_named_after_batch_and_challenger() -> None:
    names = {
        ShadowRequest(detector=detector, share=1).batch_name(batch)
        for detector in ("new@2", "new@3")
        for batch in ("a", "a" * 80)
    }
    assert len(names) == 4
    assert max(map(len, names)) <= 80


def test_both_directions_of_disagreement_are_counted() -> None:
    champion = {
        (0, None): (Verdict.AI, 0.9),
        (1, None): (Verdict.REAL, 0.2),
        (2, "a.jpg"): (Verdict.UNSURE, 0.5),
        (2, "b.jpg"): (Verdict.ERROR, None),
        (3, None): (Verdict.REAL, 0.1),
        (4, None): (Verdict.ERROR, None),
    }
    challenger = [
        ((0, None), Verdict.UNSURE, 0.6),
        ((1, None), Verdict.AI, 0.8),
        ((2, "a.jpg"), Verdict.UNSURE, 0.5),
        ((2, "b.jpg"), Verdict.REAL, 0.1),
        ((3, None), Verdict.REAL, 0.1),
        ((4, None), Verdict.ERROR, None),
    ]
    found = ShadowFinding.of(champion, challenger, **NAMES)
    assert (found.images, found.agree, found.one_error) == (4, 2, 1)
    assert (found.only_champion_ai, found.only_challenger_ai) == (1, 1)
    assert found.difference == pytest.approx((0.3 + 0.6) / 4)


def test_nothing_in_common_is_no_agreement() -> None:
    found = ShadowFinding.of({}, [((0, None), Verdict.AI, 0.9)], **NAMES)
    assert (found.images, found.difference, found.one_error) == (0, 0.0, 1)
