"""The details of an evaluation are small, whole, and give each source the same say."""

from pathlib import Path

import numpy as np
import pytest

from detector.contract import ContractError
from detector.evaluation import Label
from detector.verdict import Decision
from training.dataset import LabelledImage
from training.degrade import Variant
from training.details import Details, details

BANDS = Decision(threshold=0.8, unsure_from=0.3)


def images() -> list[LabelledImage]:
    counts = {(Label.REAL, "small"): 1, (Label.REAL, "large"): 9, (Label.AI, "gen"): 10}
    return [
        LabelledImage(Path(f"{source}-{n}.png"), label, source)
        for (label, source), count in counts.items()
        for n in range(count)
    ]


def test_each_source_has_the_same_say() -> None:
    # The one image of the small source is accused, none of the large.
    row = np.array([0.9] + [0.1] * 9 + [0.95] * 10)
    (found,) = details({Variant.CLEAN: row}, images(), BANDS).variants
    assert found.confusion_real.ai == 0.5
    assert found.confusion_real.real == 0.5
    assert found.confusion_ai.ai == 1.0
    assert found.average_precision == 1.0
    assert found.tpr_at_1_fpr == 1.0
    assert found.histogram_real[18] == 0.5


def test_the_document_survives_its_file_and_is_small() -> None:
    rng = np.random.default_rng(0)
    some = [i for _ in range(100) for i in images()]
    rows = {v: rng.random(len(some)) for v in (Variant.CLEAN, Variant.WEB, Variant.HARD)}
    made = details(rows, some, BANDS)
    text = made.dumps()
    assert Details.parse(text) == made
    assert [v.variant for v in made.variants] == ["clean", "web", "hard"]
    assert made.images == 2000
    assert len(text) < 60_000
    with pytest.raises(ContractError, match="evaluation-details"):
        Details.parse("{}")


def test_the_curves_end_where_they_should() -> None:
    rng = np.random.default_rng(1)
    (found,) = details({Variant.CLEAN: rng.random(20)}, images(), BANDS).variants
    assert (found.roc.x[0], found.roc.y[0]) == (0, 0)
    assert (found.roc.x[-1], found.roc.y[-1]) == (1, 1)
    assert sum(b.share for b in found.reliability) == pytest.approx(1, abs=0.01)
    assert 0 <= found.ece <= 1
    assert found.tpr_at_1_fpr <= found.tpr_at_5_fpr
