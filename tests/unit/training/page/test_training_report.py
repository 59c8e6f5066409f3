"""The report of a run: whole, self-contained, safe with hostile names."""

import io
import math

import pytest
from PIL import Image

from detector.evaluation import Label
from tests.unit.training.page.html import Page, asks_nothing
from tests.unit.training.page.run import compared, evaluated, run
from tests.unit.training.page.test_base import HOSTILE
from training.page.mistakes import Mistake
from training.page.training_report import render_training_report
from training.track.history import Line

HISTORY: list[Line] = [
    {"step": n, "time": 1.0 * n, "train/loss": 1 / (n + 1), "train/learning_rate": 0.1}
    | ({"held/auc": 0.7 + n / 200} if n % 10 == 0 else {})
    for n in range(50)
]


@pytest.fixture(scope="module")
def thumbnail() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), (200, 30, 30)).save(buffer, "JPEG")
    return buffer.getvalue()


def mistakes(thumbnail: bytes, suffix: str = "") -> list[Mistake]:
    return [
        Mistake("ab" * 32, f"{label.value}.png{suffix}", label, f"src{suffix}", 0.987, thumbnail)
        for label in Label
    ]


def test_it_says_everything(thumbnail: bytes) -> None:
    report, found = evaluated()
    page = Page(
        render_training_report(
            run(), report, found, compared(0.04, 0.06), HISTORY, mistakes(thumbnail), ["skewed"]
        )
    )
    asks_nothing(page)
    first = report.variants[0]
    for words in (
        f"{first.real_right.value:.1%}",
        f"{first.ai_right.value:.1%}",
        f"{first.auc.value:.3f}",
        f"{found.variants[2].ece:.3f}",
        f"{found.variants[1].confusion_real.unsure:.1%}",
        "+5.0 points",
        "old@1.0.0-12345678",
        "real-one",
        "ai-two",
        "skewed",
        "lost",
        "0.99",
        "train/loss",
        "lora rank",
        "numpy",
        "Real photographs called ai",
    ):
        assert words in page.text, words
    # Sources twice, probabilities, ROC, reliability, and three courses.
    assert len(page.all("svg")) == 7
    assert len(page.all("img")) == 2
    assert len(page.all("h1")) == 1


def test_hostile_names_are_text_everywhere(thumbnail: bytes) -> None:
    report, found = evaluated(HOSTILE)
    page = Page(
        render_training_report(
            run(HOSTILE),
            report,
            found,
            compared(0.1, 0.1, HOSTILE),
            [{"step": n, f"loss{HOSTILE}": 1.0} for n in range(3)],
            mistakes(thumbnail, HOSTILE),
            [HOSTILE],
        )
    )
    asks_nothing(page)
    assert page.text.count("<script>alert(1)</script>") > 20


def test_a_first_detector_with_nothing_to_show_besides() -> None:
    report, found = evaluated()
    page = Page(render_training_report(run(), report, found, None, [], [], []))
    asks_nothing(page)
    assert "There was no champion" in page.text
    assert "How it learnt" not in page.text
    assert "No real photograph was called ai" in page.text
    assert len(page.all("svg")) == 4


def test_numbers_that_are_none_are_left_out() -> None:
    report, found = evaluated()
    lines: list[Line] = [
        {"step": 0, "train/loss": 1.0, "held/auc": 0.5},
        {"step": 1, "train/loss": math.nan},
        {"step": 2, "train/loss": 0.5},
    ]
    page = Page(render_training_report(run(), report, found, None, lines, [], []))
    asks_nothing(page)
    assert "from 1 to 0.5" in page.source
    # A single value is no course, but is told.
    assert "held/auc" in page.text


def test_a_long_history_is_drawn_in_few_points() -> None:
    report, found = evaluated()
    lines: list[Line] = [{"step": n, "train/loss": math.sin(n)} for n in range(50_000)]
    short = render_training_report(run(), report, found, None, lines[:500], [], [])
    long = render_training_report(run(), report, found, None, lines, [], [])
    assert len(long) < 1.5 * len(short)


def test_many_sources_are_drawn_in_part_and_told_in_full() -> None:
    report, found = evaluated()
    many = tuple(
        source.model_copy(update={"source": f"{source.source}-{n}"})
        for source in report.variants[0].sources
        for n in range(20)
    )
    variants = tuple(v.model_copy(update={"sources": many}) for v in report.variants)
    page = Page(
        render_training_report(
            run(), report.model_copy(update={"variants": variants}), found, None, [], [], []
        )
    )
    assert "the worst of each class" in page.text
    assert all(source.source in page.text for source in many)
