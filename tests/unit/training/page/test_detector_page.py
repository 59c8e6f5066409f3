"""A detector's page: whole, self-contained, honest about what it cannot show."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from detector.evaluation import Label
from tests.unit.training.page.detectors import bare, dossier
from tests.unit.training.page.html import Page, asks_nothing
from tests.unit.training.page.test_base import HOSTILE
from training.dataset import LabelledImage
from training.evaluation import Evaluation
from training.page.detector_page import render_detector_page


def test_it_says_everything() -> None:
    found = dossier()
    page = Page(render_detector_page(found, champion=True))
    asks_nothing(page)
    report, details = found.test, found.details
    assert report is not None
    assert details is not None
    first = report.variants[0]
    assert first.ranking is not None
    assert first.abstention is not None
    for words in (
        "champion",
        "1.0.0-0a1b2c3d",
        f"{first.real_right.value:.1%}",
        f"{first.auc.value:.3f}",
        f"{first.ranking.ece:.3f}",
        f"{first.abstention.error_if_all:.1%}",
        f"{details.variants[1].confusion_real.unsure:.1%}",
        "real-one",
        "gen-two",
        "JPEG quality 75, moved 3 px, quality 50",
        "at most\n30 of each class of each source",
        "What it is for",
        "New generators are often missed",
        "976 real photographs, 758 AI images",
        "12" * 32,
        "ab" * 32,
        "7.0 MiB",
        "fit",
        "elsewhere",
    ):
        assert words in page.text, words
    # Sources, ladder, probabilities, ROC, precision and recall, reliability.
    assert len(page.all("svg")) == 6
    assert not page.all("img")
    assert len(page.all("h1")) == 1
    assert "Model card: clip-probe" not in page.text


def test_the_limits_have_a_section_of_their_own() -> None:
    page = Page(render_detector_page(dossier()))
    sections = [a["id"] for a in page.all("section")]
    assert sections.index("card") + 1 == sections.index("limits")
    assert page.text.count("New generators are often missed") == 1
    without = replace(dossier(), card="# Title\n\nNothing more.")
    assert "limits" not in [a["id"] for a in Page(render_detector_page(without)).all("section")]


def test_what_a_package_lacks_is_said() -> None:
    old = bare(dossier())
    page = Page(render_detector_page(old))
    asks_nothing(page)
    assert "The package has no curves" in page.text
    assert "not judged on the ladder" in page.text
    assert [a["id"] for a in page.all("section")] == ["accuracy", "errs", "card", "limits", "made"]
    assert "champion" not in page.text
    nothing = Page(render_detector_page(replace(old, test=None)))
    asks_nothing(nothing)
    assert "no evaluation, so no figure" in nothing.text
    assert [a["id"] for a in nothing.all("section")] == ["card", "limits", "made"]


def test_every_link_leads_somewhere() -> None:
    for found in (dossier(), bare(dossier())):
        page = Page(render_detector_page(found))
        ids = {a["id"] for _, a in page.elements if "id" in a}
        links = [a["href"][1:] for a in page.all("a")]
        assert len(links) > 3
        assert set(links) <= ids


def test_hostile_names_are_text_everywhere() -> None:
    found = dossier(suffix=HOSTILE)
    page = Page(render_detector_page(found))
    asks_nothing(page)
    clean = Page(render_detector_page(dossier()))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in clean.elements]


def test_an_evaluation_of_one_s_own_shows_its_mistakes(tmp_path: Path) -> None:
    found = dossier()
    assert found.test is not None
    assert found.details is not None
    images = []
    for label in Label:
        path = tmp_path / f"{label.value}-wrong.png"
        Image.new("RGB", (20, 10), (200, 0, 0)).save(path)
        images.append(LabelledImage(path, label, "mine"))
    own = Evaluation(found.test, found.details, tuple(images), np.array([0.97, 0.02]))
    page = Page(render_detector_page(bare(found), own=own))
    asks_nothing(page)
    assert len(page.all("img")) == 2
    assert "on data of your own" in page.text
    assert "real-wrong.png" in page.text
    assert "has no curves" not in page.text
