"""Challenger and champion side by side: measured where that is fair, recorded where it is not."""

from detector.evaluation import Estimate, Label, Report, SourceResult, VariantResult
from detector.verdict import Decision
from training.stages.rival import MEASURED, RECORDED, Figure, Key, join


def estimate(value: float) -> Estimate:
    return Estimate(value=value, low=value, high=value)


def result(source: str, label: Label, right: float, images: int = 10) -> SourceResult:
    called_ai = right if label is Label.AI else 1 - right
    return SourceResult(
        source=source,
        label=label,
        images=images,
        called_ai=called_ai,
        called_unsure=0,
        called_real=1 - called_ai,
        right=estimate(right),
    )


def report(*sources: SourceResult) -> Report:
    variant = VariantResult(
        variant="clean",
        real_right=estimate(0.9),
        ai_right=estimate(0.5),
        balanced=estimate(0.7),
        auc=estimate(0.8),
        unsure=0.1,
        ai_called_real=0.2,
        sources=sources,
    )
    return Report(
        method="unseen",
        detector="new@1",
        data="set",
        images=30,
        decision=Decision(threshold=0.8, unsure_from=0.5),
        variants=(variant,),
    )


def test_figures_are_set_side_by_side_with_what_they_rest_on() -> None:
    new = report(
        result("seen", Label.REAL, 0.9),
        result("fresh", Label.AI, 0.4),
        result("odd", Label.AI, 0.3),
    )
    figures: dict[Key, Figure] = {
        ("seen", Label.REAL, "clean"): Figure(0.95, 10, RECORDED),
        ("fresh", Label.AI, "clean"): Figure(0.2, 10, MEASURED),
        # Another number of images: not the same data, whatever its name.
        ("odd", Label.AI, "clean"): Figure(0.2, 11, RECORDED),
    }
    found = join(new, figures, "old@1")
    assert [(r.source, r.challenger_right, r.champion_right, r.basis) for r in found.rows] == [
        ("seen", 0.9, 0.95, "recorded"),
        ("fresh", 0.4, 0.2, "measured"),
    ]
    assert found.left_out == ("odd",)
    assert (found.challenger, found.champion) == ("new@1", "old@1")
