import pytest

from detector.evaluation import Label
from detector.golden_set import GoldenAccuracy, area, golden_key, label_of
from detector.verdict import Verdict

NAMES = {"batch": "golden-1", "detector": "probe@1", "at": "2026-11-26T00:00:00+00:00"}


def test_the_label_is_part_of_the_name() -> None:
    key = golden_key(Label.AI, "ab" * 32, ".JPG")
    assert key == f"golden/ai/{'ab' * 32}.jpg"
    assert label_of(key) is Label.AI
    assert label_of("golden/real/x.png") is Label.REAL
    assert label_of("golden/other/x.png") is None
    assert label_of("intake/ai/x.png") is None


def test_accuracy_is_that_of_an_evaluation() -> None:
    said = [
        (Label.REAL, Verdict.REAL, 0.1),
        (Label.REAL, Verdict.UNSURE, 0.5),
        (Label.REAL, Verdict.AI, 0.9),
        (Label.REAL, Verdict.REAL, 0.2),
        (Label.AI, Verdict.AI, 0.8),
        (Label.AI, Verdict.UNSURE, 0.6),
        (Label.AI, Verdict.ERROR, None),
    ]
    found = GoldenAccuracy.of(said, **NAMES)
    assert found is not None
    assert (found.real, found.ai, found.errors) == (4, 2, 1)
    assert (found.real_right, found.ai_right, found.balanced) == (0.75, 0.5, 0.625)
    # Of eight pairs six have the AI image above the real one.
    assert found.auc == 0.75


def test_one_class_alone_is_no_accuracy() -> None:
    assert GoldenAccuracy.of([(Label.REAL, Verdict.REAL, 0.1)], **NAMES) is None
    both = [(Label.REAL, Verdict.REAL, 0.1), (Label.AI, Verdict.ERROR, None)]
    assert GoldenAccuracy.of(both, **NAMES) is None


@pytest.mark.parametrize(
    ("real", "ai", "expected"),
    [([0.1, 0.2], [0.8, 0.9], 1.0), ([0.9], [0.1], 0.0), ([0.5, 0.5], [0.5], 0.5)],
)
def test_area(real: list[float], ai: list[float], expected: float) -> None:
    assert area(real, ai) == expected
