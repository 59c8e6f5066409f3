"""The page of a detector and of two: no barriers, nothing complained of, nothing asked for."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.browser.test_access import violations
from tests.unit.training.page.detectors import bare, dossier
from tests.unit.training.page.test_base import HOSTILE
from training.page.comparison_page import render_comparison
from training.page.detector_page import render_detector_page

PAGES: dict[str, Callable[[], str]] = {
    "whole": lambda: render_detector_page(dossier(), champion=True),
    "bare": lambda: render_detector_page(bare(dossier())),
    "hostile": lambda: render_detector_page(dossier(suffix=HOSTILE)),
    "two": lambda: render_comparison(dossier(), dossier("2", gain=5.0, seed=1)),
    "two hostile": lambda: render_comparison(dossier(suffix=HOSTILE), dossier("2", suffix=HOSTILE)),
}
COLOUR = "element => getComputedStyle(element).{}"


def open_all(page: Page) -> None:
    for closed in page.locator("details").all():
        closed.evaluate("element => { element.open = true }")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_no_serious_barriers(open_page: Opener, name: str, scheme: str) -> None:
    page = open_page(PAGES[name](), color_scheme=scheme)
    open_all(page)
    assert violations(page) == []


@pytest.mark.parametrize("name", ["whole", "two"])
def test_dark_is_dark_and_figures_follow(open_page: Opener, name: str) -> None:
    seen = []
    for scheme in ("light", "dark"):
        page = open_page(PAGES[name](), color_scheme=scheme)
        body = page.locator("body").evaluate(COLOUR.format("backgroundColor"))
        figure = page.locator("svg text").first.evaluate(COLOUR.format("fill"))
        seen.append((body, figure))
    (light, ink), (dark, chalk) = seen
    assert light != dark
    assert ink != chalk


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_scrolls_one_way_only(open_page: Opener, name: str) -> None:
    page = open_page(PAGES[name](), viewport={"width": 360, "height": 700})
    open_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_contents_lead_to_the_sections(open_page: Opener) -> None:
    page = open_page(PAGES["whole"]())
    page.get_by_role("link", name="Model card").click()
    expect(page.locator("#card")).to_be_in_viewport()
    # Wide tables scroll in regions that the keyboard reaches.
    for region in page.locator(".scroll").all():
        assert region.get_attribute("tabindex") == "0"
        assert region.get_attribute("aria-label")
