"""The frame of a page: escaped, self-contained, one style."""

import base64
import hashlib

import pytest
from jinja2 import UndefinedError

from tests.unit.training.page.html import Page, asks_nothing
from training.page.base import figure_style, figure_svg, heat, new_figure, render_page
from training.page.style import COLOURS, CSS

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>$x_{y}$'
EMPTY = '{% extends "base.html" %}{% block content %}<p>{{ text }}</p>{% endblock %}'


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def drawn(name: str = "a") -> str:
    with figure_style():
        figure, axes = new_figure()
        axes.plot([0, 1], [0, 1], color=COLOURS["ai"][0], label=name)
        axes.fill_between([0, 1], [0, 0.5], color=COLOURS["real"][0], alpha=0.2)
        axes.set_title(name, weight="bold")
        axes.legend()
    return figure_svg(figure, f"A line, {name}")


def test_the_policy_lets_our_style_in_and_nothing_else() -> None:
    page = Page(render_page(EMPTY, title="T", text="x"))
    (policy,) = [m["content"] for m in page.all("meta") if "http-equiv" in m]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    style = page.source.partition("<style>")[2].partition("</style>")[0]
    assert style == CSS
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy
    assert "url(" not in CSS
    assert "@import" not in CSS
    asks_nothing(page)


def test_what_is_put_in_is_escaped() -> None:
    page = Page(render_page(EMPTY, title=HOSTILE, text=HOSTILE))
    asks_nothing(page)
    assert page.text.count(HOSTILE) == 3


def test_a_missing_name_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="text"):
        render_page(EMPTY, title="T")


def test_a_figure_follows_the_pages_colours() -> None:
    svg = drawn()
    assert "var(--ai)" in svg
    assert "var(--real)" in svg
    for light, _dark in COLOURS.values():
        assert light not in svg
    for word in ("style=", "<style", "<metadata", "<!--", "xlink", "font-family", "<?xml"):
        assert word not in svg, word


def test_two_figures_share_no_id_and_drawing_again_is_the_same() -> None:
    first, second = drawn("one"), drawn("two")
    ids = [e["id"] for svg in (first, second) for _, e in Page(svg).elements if "id" in e]
    assert len(ids) > 20
    assert len(ids) == len(set(ids))
    assert drawn("one") == first


def test_hostile_names_in_a_figure_are_text() -> None:
    page = Page(drawn(HOSTILE))
    asks_nothing(page)
    assert HOSTILE in page.text
    assert page.all("svg")[0]["aria-label"] == f"A line, {HOSTILE}"


def test_text_can_be_read_in_light_and_in_dark() -> None:
    for which in (0, 1):
        for name in ("ink", "muted", "real", "ai", "accent", "good", "bad", "warn"):
            for ground in ("page", "card"):
                pair = [luminance(COLOURS[n][which]) for n in (name, ground)]
                contrast = (max(pair) + 0.05) / (min(pair) + 0.05)
                assert contrast >= 4.5, (name, ground, which)


@pytest.mark.parametrize(("share", "step"), [(0.0, 0), (0.04, 0), (0.96, 10), (1.0, 10), (7.0, 10)])
def test_shades_are_classes_of_the_style(share: float, step: int) -> None:
    assert heat("good", share) == f"heat-good-{step}"
    assert f".{heat('good', share)}{{" in CSS
