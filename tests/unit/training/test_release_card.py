"""What a released detector says of itself."""

from pathlib import Path

import pytest

from detector.evaluation import Label, Report
from detector.training_request import Recipe
from detector.verdict import Decision
from tests.unit.training.tiny import CONFIG, SIGLIP
from training.card import PURPOSE
from training.data.audit import Audit
from training.data.shortcut import Shortcut
from training.embedded import DATA
from training.head import HeadRecord, read_head
from training.release_card import render_release_card
from training.vision import VisionConfig, preprocessing_of


@pytest.fixture(scope="module")
def record() -> HeadRecord:
    return read_head(DATA)[0]


@pytest.fixture(scope="module")
def report() -> Report:
    return Report.parse((DATA / "evaluation.json").read_bytes())


def audited(**values: object) -> Audit:
    fields: dict[str, object] = {
        "name": "set",
        "dataset": "s3://bucket/set/",
        "digest": "d",
        "images": 3,
        "bytes": 3,
        "classes": {"real": 2, "ai": 1},
        "groups": (),
    }
    return Audit.model_validate(fields | values)


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        (Recipe.PROBE, "linear head on the frozen image tower"),
        (Recipe.LAYERNORM, "its layer norms tuned"),
        (Recipe.LORA, "low-rank changes"),
    ],
)
def test_it_says_what_was_learnt(
    record: HeadRecord, report: Report, recipe: Recipe, said: str
) -> None:
    card = render_release_card(record.model_copy(update={"recipe": recipe}), report)
    assert said in card
    assert PURPOSE in card
    assert "$" not in card
    assert "Settings that are not default: none." in card


def test_it_says_what_was_changed(record: HeadRecord, report: Report) -> None:
    card = render_release_card(record, report, levers={"epochs": 3.0, "crops": True})
    assert "Settings that are not default: `epochs` 3.0, `crops` True." in card


def test_it_warns_of_the_data(record: HeadRecord, report: Report) -> None:
    audit = audited(
        warnings=("All of one class are JPEG.",),
        shortcut=Shortcut(auc=0.91, auc_by_source=0.62),
        licences={"CC0": 2, "not stated": 1},
    )
    card = render_release_card(record, report, audit=audit)
    assert "- All of one class are JPEG." in card
    assert "has AUC 0.91 split at random and 0.62 split by source" in card
    assert "Licences: CC0 (2), not stated (1)." in card


def test_silence_is_not_praise(record: HeadRecord, report: Report) -> None:
    assert "The data was not audited." in render_release_card(record, report)
    card = render_release_card(record, report, audit=audited())
    assert "The audit found nothing to warn of." in card
    assert "A classifier that sees only" not in card
    assert "How it was calibrated is not recorded." in card


def test_calibration_and_test_have_tables_of_their_own(record: HeadRecord, report: Report) -> None:
    # Figures of its own, which no release moves.
    record = record.model_copy(update={"decision": Decision(threshold=0.825, unsure_from=0.4)})
    clean, *others = report.variants
    sources = [
        s.model_copy(update={"called_ai": 0.987})
        if (s.source, s.label) == ("Laboratoriet/real-or-ai-game", Label.REAL)
        else s
        for s in clean.sources
    ]
    variants = (clean.model_copy(update={"sources": tuple(sources)}), *others)
    test = report.model_copy(update={"method": "Unseen.", "images": 77, "variants": variants})
    card = render_release_card(record, test, held_out=report)
    calibration, _, tested = card.partition("## What it does on the test sources")
    assert report.method in calibration
    assert "Unseen. 77 images; threshold 0.825" in tested
    assert calibration.count("| images as |") == tested.count("| images as |") == 1
    assert "99% of Laboratoriet/real-or-ai-game (clean)" in tested


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("resize_center_crop", "short side is resized to 224 px"),
        ("resize_square", "resized to 224 px square"),
        ("native_crop", "centre 224 px square at native resolution"),
    ],
)
def test_it_says_what_is_not_seen(record: HeadRecord, report: Report, kind: str, said: str) -> None:
    spec = record.preprocessing.model_copy(update={"kind": kind})
    card = render_release_card(record.model_copy(update={"preprocessing": spec}), report)
    assert said in card


@pytest.mark.parametrize(
    ("config", "tap"), [(CONFIG, "the class token"), (SIGLIP, "the mean of the patches")]
)
def test_it_says_what_the_head_reads(
    record: HeadRecord, report: Report, config: VisionConfig, tap: str
) -> None:
    for crops in (False, True):
        spec = preprocessing_of(config, crops=crops)
        card = render_release_card(record.model_copy(update={"preprocessing": spec}), report)
        assert f"Head: {tap} after blocks 7, 10" in card


def test_the_embedded_card_is_as_it_was() -> None:
    """Its text is a template's that now shares a paragraph with others."""
    assert PURPOSE in (Path(DATA) / "MODEL_CARD.md").read_text()
