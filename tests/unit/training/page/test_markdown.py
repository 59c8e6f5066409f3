"""Markdown of strangers is text in our pages, whatever is in it."""

import pytest

from tests.unit.training.page.html import Page, asks_nothing
from training.page.markdown import render_markdown

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<div style="position:fixed" onclick="x()">',
    "![pixel](https://evil.example/x.png)",
    "[click](https://evil.example/)",
    "[click](javascript:alert(1))",
    "<https://evil.example/>",
    "[ref]\n\n[ref]: https://evil.example/",
    "| a |\n|--:|\n| <b onclick=x>b</b> |",
    "# <img src=x onerror=alert(1)>",
    "```html\n<script>alert(1)</script>\n```",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_of_it_comes_to_life(text: str) -> None:
    page = Page(render_markdown(f"before\n\n{text}\n\nafter"))
    asks_nothing(page)
    for tag in ("img", "a", "b", "script"):
        assert not page.all(tag), tag
    assert "before" in page.text
    assert "after" in page.text


def test_a_link_says_where_it_leads() -> None:
    assert "here (https://a.example/b)" in Page(render_markdown("[here](https://a.example/b)")).text
    plain = Page(render_markdown("<https://a.example/b>")).text
    assert plain.count("https://a.example/b") == 1


def test_headings_stand_below_ours_and_can_be_pointed_at() -> None:
    page = Page(render_markdown("# Title\n\n## Limits\n\n## Limits\n\n### More\n\n###### Deep"))
    assert "Title" not in page.text
    assert not page.all("h1")
    assert not page.all("h2")
    assert [a["id"] for a in page.all("h3")] == ["card-limits", "card-limits-more"]
    assert [a["id"] for a in page.all("h4")] == ["card-more"]
    assert [a["id"] for a in page.all("h6")] == ["card-deep"]


def test_a_table_scrolls_and_has_no_style() -> None:
    page = Page(render_markdown("| a | b |\n|--:|:-:|\n| 1 | `2` |\n\n| c |\n|---|\n| 3 |"))
    asks_nothing(page)
    regions = [a for a in page.all("div") if a.get("role") == "region"]
    assert [r["aria-label"] for r in regions] == ["Table 1 of the text", "Table 2 of the text"]
    assert all(r["tabindex"] == "0" for r in regions)
    assert len(page.all("code")) == 1


def test_emphasis_lists_and_code_are_kept() -> None:
    page = Page(render_markdown("**bold** `code`\n\n- one\n- two\n"))
    assert len(page.all("strong")) == 1
    assert len(page.all("li")) == 2
