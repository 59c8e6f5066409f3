"""Figures of a report by hand."""

from pathlib import Path

import numpy as np
import pytest

from detector.calibration import Calibration
from detector.evaluation import Label, Ladder, Report
from detector.verdict import Decision
from training.calibrate import Floats
from training.dataset import LabelledImage
from training.degrade import Variant
from training.details import details
from training.report import abstention, mean_balanced, mean_right, measure
from training.report_text import render_further, render_report

BANDS = Decision(threshold=0.8, unsure_from=0.3)


def images() -> list[LabelledImage]:
    """Two sources a class: one image and three of the real, two and two of the AI."""
    plan = [(Label.REAL, "a", 1), (Label.REAL, "b", 3), (Label.AI, "c", 2), (Label.AI, "d", 2)]
    return [
        LabelledImage(
            Path(f"{source}{n}.png"), label, source,
            generator="gen|x" if source == "c" else "",
        )
        for label, source, count in plan
        for n in range(count)
    ]  # fmt: skip


ROW = np.array([0.9, 0.1, 0.5, 0.2, 0.85, 0.4, 0.95, 0.1])


def test_what_unsure_is_worth() -> None:
    # Undecided: one of three of source b, one of two of source c; each class weighs half.
    found = abstention(ROW, images(), BANDS)
    assert found.coverage == pytest.approx(1 - 0.25 / 3 - 0.125, abs=1e-4)
    # Wrong: the one image of a, the second of c (undecided), the second of d.
    assert found.error_if_all == pytest.approx(0.25 + 0.125 + 0.125, abs=1e-4)
    assert found.error == pytest.approx(0.375 / found.coverage, abs=1e-3)
    assert found.spared == pytest.approx(1 - found.error / 0.5, abs=1e-3)


def test_without_a_band_nothing_is_given_up_or_spared() -> None:
    found = abstention(ROW, images(), Decision(threshold=0.8, unsure_from=0.8))
    assert (found.coverage, found.error) == (1, found.error_if_all)
    assert found.spared == pytest.approx(0)


def test_a_detector_that_never_answers_has_no_error() -> None:
    found = abstention(np.full(8, 0.5), images(), BANDS)
    assert (found.coverage, found.error) == (0, 0)


def logit(p: Floats) -> Floats:
    found: Floats = np.log(p / (1 - p))
    return found


def test_a_variant_says_the_same_as_the_details() -> None:
    (found,) = measure({Variant.CLEAN: logit(ROW)}, images(), Calibration(), BANDS)
    (curves,) = details({Variant.CLEAN: ROW}, images(), BANDS).variants
    assert found.ranking is not None
    for name in ("average_precision", "tpr_at_1_fpr", "tpr_at_5_fpr", "ece"):
        assert getattr(found.ranking, name) == getattr(curves, name)
    assert found.real_right.value == 0.5
    assert found.ai_right.value == 0.5
    (generator,) = found.generators
    assert (generator.generator, generator.images) == ("gen|x", 2)
    assert (generator.called_ai, generator.called_unsure, generator.called_real) == (0.5, 0.5, 0)


def test_means_over_some_sources() -> None:
    (found,) = measure({"any": logit(ROW)}, images(), Calibration(), BANDS)
    assert mean_balanced(found.sources) == found.balanced
    real = [s for s in found.sources if s.label is Label.REAL]
    assert mean_right(real) == found.real_right
    assert mean_right(real[:1]).value == 0


def test_the_text_has_all_of_it() -> None:
    variants = measure({Variant.CLEAN: logit(ROW)}, images(), Calibration(), BANDS)
    rungs = measure({"jpeg-30": logit(ROW)}, images(), Calibration(), BANDS)
    report = Report(
        method="m", detector="d@1", data="x", images=8, decision=BANDS, variants=variants,
        ladder=Ladder(per_group=3, images=8, rungs=rungs),
    )  # fmt: skip
    assert "| real | a | 1 |" in render_report(report)
    text = render_further(report)
    assert "| gen\\|x | 2 |" in text
    assert "| JPEG quality 30 |" in text
    assert "at most 3 of each class of each source" in text
    assert variants[0].ranking is not None
    assert f"| {variants[0].ranking.ece:.3f} |" in text
    # Every line of a table has as many cells as its head.
    for table in f"{render_report(report)}\n\n{text}".replace("\\|", "/").split("\n\n"):
        if table.startswith("|"):
            assert len({line.count("|") for line in table.split("\n")}) == 1, table


def test_an_older_report_has_no_further_tables() -> None:
    variants = measure({Variant.CLEAN: logit(ROW)}, images(), Calibration(), BANDS)
    plain = [
        v.model_copy(update={"ranking": None, "abstention": None, "generators": ()})
        for v in variants
    ]
    report = Report(
        method="m", detector="d@1", data="x", images=8, decision=BANDS, variants=tuple(plain)
    )
    assert render_further(report) == ""
