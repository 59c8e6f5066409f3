"""The headline says what is so, and the comparison does not flatter."""

import pytest

from tests.unit.training.page.run import compared, evaluated, run
from training.page.words import against_champion, differences, headline, made_of, points


@pytest.mark.parametrize(
    ("real", "ai", "mood", "words"),
    [
        (0.04, 0.06, "good", "better than the champion old@1.0.0-12345678: +5.0 points"),
        (-0.04, 0.10, "warn", "accuses more real photographs: +3.0 points"),
        (0.02, -0.10, "bad", "worse"),
        (0.003, -0.003, "muted", "as good as"),
    ],
)
def test_better_worse_or_equal(real: float, ai: float, mood: str, words: str) -> None:
    verdict = against_champion(compared(real, ai))
    assert verdict.mood == mood
    assert words in verdict.text


def test_without_a_fair_comparison_none_is_claimed() -> None:
    assert "no champion" in against_champion(None).text
    alone = compared(0.1, 0.1).model_copy(update={"champion": None})
    assert "no champion" in against_champion(alone).text
    ai_only = compared(0.1, 0.1)
    rows = tuple(r for r in ai_only.rows if r.label == "ai")
    verdict = against_champion(ai_only.model_copy(update={"rows": rows}))
    assert "could not be compared" in verdict.text
    assert verdict.mood == "muted"


def test_each_source_has_the_same_say() -> None:
    found = compared(0.1, 0.2)
    rows = [r.model_copy(update={"images": 1}) if "one" in r.source else r for r in found.rows]
    first = differences(rows)[0]
    assert (first.label, first.sources, first.images) == ("real", 2, 11)
    assert first.gain == pytest.approx(0.1)


def test_the_headline_tells_both_sides() -> None:
    report, _ = evaluated()
    first = report.variants[0]
    text = headline(report)
    assert f"{first.ai_right.value:.1%} of AI images" in text
    assert f"{1 - first.real_right.value:.1%} of real photographs" in text
    assert "LoRA" in made_of(run(), report)
    assert "48 images of 4 sources" in made_of(run(), report)


@pytest.mark.parametrize(
    ("difference", "text"), [(0.0234, "+2.3"), (-0.5, "\u221250.0"), (0.0001, "0.0")]
)
def test_points(difference: float, text: str) -> None:
    assert points(difference) == text
