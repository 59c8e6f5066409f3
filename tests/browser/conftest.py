"""A fresh page for each test, which must not complain of anything."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.batch import ordinary

Opener = Callable[..., Page]


@cache
def ordinary_page(rows: int = 240) -> str:
    """Return the report of a batch of so many images."""
    return ordinary(rows).page()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Opener]:
    """Open HTML as a file, at a fragment; at the end see that nothing went wrong or went outside.

    What a test expects to be complained of (a refused connection) it names in ``complaints``.
    """
    contexts, said, asked = [], [], []
    expected: list[str] = []

    def opened(
        html: str | None = None,
        fragment: str = "",
        *,
        complaints: tuple[str, ...] = (),
        **options: Any,
    ) -> Page:
        path = tmp_path / "report.html"
        if html is not None or not path.exists():
            path.write_text(html or ordinary_page(), "utf-8")
        options = {"viewport": {"width": 1280, "height": 900}} | options
        context = browser.new_context(**options)
        contexts.append(context)
        expected.extend(complaints)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{path.as_uri()}{fragment}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [words for words in said if not any(part in words for part in expected)] == []
    outside = [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]
    assert [url for url in outside if not any(part in url for part in expected)] == []
