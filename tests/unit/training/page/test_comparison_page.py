"""Two detectors on one page: whole, self-contained, safe with hostile names."""

from tests.unit.training.page.detectors import bare, dossier
from tests.unit.training.page.html import Page, asks_nothing
from tests.unit.training.page.test_base import HOSTILE
from training.comparing import compare
from training.page.comparison_page import DOWN, LEVEL, UP, arrow, render_comparison


def test_it_shows_both_everywhere() -> None:
    one, two = dossier(), dossier("1.1.0-99aabbcc", gain=5.0, seed=1)
    page = Page(render_comparison(one, two))
    asks_nothing(page)
    found = compare(one, two)
    for words in (
        "1.0.0-0a1b2c3d",
        "1.1.0-99aabbcc",
        found.verdict[0],
        f"{found.shared[0].first.value:.1%}",
        f"{found.shared[0].second.value:.1%}",
        "apart",
        "overlap",
        UP,
        "real-three",
        "Gaussian blur, \u03c3 1 px",
        "aidetect promote clip-probe@1.1.0-99aabbcc",
    ):
        assert words in page.text, words
    assert len(page.all("svg")) == 1
    sections = [a["id"] for a in page.all("section")]
    assert sections == ["headline", "sources", "ladder", "differences"]


def test_what_cannot_be_compared_is_left_out() -> None:
    one, two = bare(dossier()), dossier("2", sources=("six", "seven"))
    page = Page(render_comparison(one, two))
    asks_nothing(page)
    assert "They cannot be compared" in page.text
    assert "They were judged on different images" in page.text
    assert [a["id"] for a in page.all("section")] == ["headline", "differences"]


def test_hostile_names_are_text_everywhere() -> None:
    pages = []
    for suffix in ("", HOSTILE):
        two = dossier("2", suffix=suffix, learnt=("real-one",), seed=2)
        pages.append(Page(render_comparison(dossier(suffix=suffix), two)))
        asks_nothing(pages[-1])
    clean, hostile = ([tag for tag, _ in page.elements] for page in pages)
    assert clean == hostile


def test_arrows() -> None:
    assert (arrow(0.1), arrow(-0.1), arrow(0.0001)) == (UP, DOWN, LEVEL)
