"""The built site in a browser, opened from the disk: no outside request, a search that finds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def page(browser: Browser, asked: list[str]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    opened = context.new_page()
    opened.on("request", lambda request: asked.append(request.url))
    yield opened
    context.close()


def test_pages_ask_the_disk_alone_and_fit_a_telephone(
    page: Page, site: Path, asked: list[str]
) -> None:
    for path in sorted(site.glob("**/*.html")):
        page.goto(path.as_uri(), wait_until="load")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path.name
    assert len(asked) > 100
    assert [a for a in asked if not a.startswith(("file:", "data:", "blob:"))] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index", "verdicts", "costs", "reference/cli"])
def test_pages_can_be_read_by_everybody(
    browser: Browser, site: Path, name: str, scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto((site / f"{name}.html").as_uri())
    found = Axe().run(page).response["violations"]
    context.close()
    grave = [(v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] != "moderate"]
    assert grave == []


def test_the_search_finds_from_the_disk(page: Page, site: Path, asked: list[str]) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto((site / "index.html").as_uri())
    page.locator(".md-search__input").first.click()
    page.locator(".md-search__input").first.press_sequentially("not_scored")
    found = page.locator(".md-search-result__link").first
    found.wait_for()
    assert "html" in str(found.get_attribute("href"))
    assert [a for a in asked if a.startswith("http")] == []
