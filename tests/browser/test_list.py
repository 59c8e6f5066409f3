"""Narrowing, ordering and moving about in the list."""

import re
from collections import Counter

import pytest
from playwright.sync_api import Page, expect

from tests.browser.batch import DECISION, ordinary
from tests.browser.conftest import Opener, ordinary_page

ROWS = [image.row for image in ordinary(240).images]
VERDICTS = Counter(row["verdict"] for row in ROWS)


def shown(page: Page) -> int:
    """Return how many images the page says the list has."""
    found = re.match(r"([\d,]+) of 240", page.locator("#count").inner_text())
    assert found
    return int(found[1].replace(",", ""))


def names(page: Page) -> list[str]:
    """Return the file names of the first cards, in the order of the list."""
    return page.locator(".card .name").all_inner_texts()


def test_totals_and_limits_are_told(open_page: Opener) -> None:
    page = open_page()
    for verdict, count in VERDICTS.items():
        expect(page.locator(f".tally.{verdict} .number")).to_have_text(str(count))
    expect(page.locator("h1")).to_have_text("autumn-listings-2026-11-26")
    expect(page.locator(".worth")).to_contain_text("5% were called ai")
    expect(page.locator(".facts")).to_contain_text("clip-b16-probe@1.0.0")
    assert shown(page) == 240


def test_only_what_is_seen_is_in_the_document(open_page: Opener) -> None:
    page = open_page()
    drawn = page.locator(".card").count()
    assert 5 < drawn < 80
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.locator('[data-place="239"]')).to_be_visible()
    assert page.locator(".card").count() < 80


def test_filter_by_verdict_and_take_it_back(open_page: Opener) -> None:
    page = open_page()
    page.click(".tally.unsure")
    assert shown(page) == VERDICTS["unsure"]
    expect(page.locator(".card.unsure").first).to_be_visible()
    expect(page.locator(".card.ai, .card.real, .card.error")).to_have_count(0)
    expect(page.locator('#filters input[value="unsure"]')).to_be_checked()
    page.locator('#filters input[value="ai"]').check()
    assert shown(page) == VERDICTS["unsure"] + VERDICTS["ai"]
    page.click("#reset")
    assert shown(page) == 240


def test_filter_by_reason_claim_folder_and_range(open_page: Opener) -> None:
    page = open_page()
    reasons = Counter(row["reason"] for row in ROWS if row["reason"])
    reason, count = reasons.most_common(1)[0]
    page.locator(f'#filters input[value="{reason}"]').check()
    assert shown(page) == count
    page.click("#reset")
    claimed = sum("c2pa_camera" in (row["provenance"] or "") for row in ROWS)
    page.locator('#filters input[value="c2pa_camera"]').check()
    assert shown(page) == claimed > 0
    page.locator('#filters input[value="none"]').check()
    assert shown(page) == claimed + sum(row["provenance"] is None for row in ROWS)
    page.click("#reset")
    page.fill("#under", "intake/listings/")
    assert shown(page) == sum(row["key"].startswith("intake/listings/") for row in ROWS)
    page.click("#reset")
    page.fill("#from", "0.25")
    page.fill("#to", "0.75")
    page.keyboard.press("Tab")
    inside = [r for r in ROWS if r["probability"] is not None and 0.25 <= r["probability"] < 0.75]
    assert shown(page) == len(inside)


def test_a_bar_of_the_histogram_shows_its_images(open_page: Opener) -> None:
    page = open_page()
    bars = page.locator("#histogram .bin")
    expect(bars).to_have_count(40)
    first = sum(r["probability"] is not None and r["probability"] < 0.025 for r in ROWS)
    expect(bars.first).to_have_attribute("aria-label", re.compile(rf": {first} images$"))
    bars.first.click()
    assert shown(page) == first
    expect(page.locator("#to")).to_have_value("0.025")
    expect(page.locator("#histogram .bin").first).to_have_attribute("aria-pressed", "true")
    page.locator("#histogram .bin").first.click()
    assert shown(page) == 240


def test_search_finds_all_words_anywhere_in_the_name(open_page: Opener) -> None:
    page = open_page()
    page.fill("#search", "LAMPS photo-0001")
    wanted = [r for r in ROWS if "lamps" in r["key"] and "photo-0001" in r["key"]]
    assert shown(page) == len(wanted) > 0
    page.fill("#search", "no such name")
    assert shown(page) == 0
    expect(page.locator("#empty")).to_be_visible()
    page.click("#empty-reset")
    assert shown(page) == 240


ORDERS = {
    "ai": lambda row: -row["probability"],
    "real": lambda row: row["probability"],
    "unsure": lambda row: abs(row["probability"] - DECISION.threshold),
    "key": lambda row: row["key"],
    "time": lambda row: row["scored_at"],
}


@pytest.mark.parametrize("order", ORDERS)
def test_sorting(open_page: Opener, order: str) -> None:
    page = open_page(fragment="#verdict=ai,real,unsure")
    page.select_option("#sort", order)
    scored = [row for row in ROWS if row["probability"] is not None]
    expected = [row["key"].rpartition("/")[2] for row in sorted(scored, key=ORDERS[order])]
    assert names(page)[:8] == expected[:8]


def test_a_link_opens_the_same_view(open_page: Opener) -> None:
    page = open_page()
    page.click(".tally.ai")
    page.fill("#search", "bikes")
    page.select_option("#sort", "key")
    page.click("#view-table")
    fragment = page.evaluate("location.hash")
    count, first = shown(page), page.locator(".list .name bdi").first.inner_text()

    other = open_page(fragment=fragment)
    assert shown(other) == count
    assert other.locator(".list .name bdi").first.inner_text() == first
    expect(other.locator("#search")).to_have_value("bikes")
    expect(other.locator("#view-table")).to_have_attribute("aria-pressed", "true")
    other.evaluate("location.hash = '#verdict=real'")
    expect(other.locator(".card.real").first).to_be_visible()
    assert shown(other) == VERDICTS["real"]


def test_a_fragment_of_nonsense_is_an_ordinary_view(open_page: Opener) -> None:
    page = open_page(fragment="#from=x&to=&sort=__proto__&view=constructor&heat=2&open=nothing")
    assert shown(page) == 240
    expect(page.locator(".card").first).to_be_visible()


def test_a_batch_larger_than_the_page_says_so(open_page: Opener) -> None:
    batch = ordinary(30)
    batch.unseen = 1_000_000
    page = open_page(batch.page())
    expect(page.locator(".notice")).to_contain_text("shows 30 of 1,000,030 images")
    expect(page.locator(".notice")).to_contain_text("FROM verdicts")
    expect(page.locator("#count")).to_contain_text("(1,000,030 in the batch)")
    expect(page.locator(".tally.real .share")).to_have_text("100.0%")


def test_a_batch_without_images_or_evidence_is_a_page_too(open_page: Opener) -> None:
    batch = ordinary(0)
    page = open_page(batch.page())
    expect(page.locator("#empty")).to_be_visible()
    batch.add("intake/plain.jpg", probability=0.4)
    page = open_page(batch.page())
    expect(page.locator(".card .none")).to_have_text("no thumbnail")
    expect(page.locator("#heat")).to_be_hidden()


def test_printing_shows_the_first_images_in_the_flow(open_page: Opener) -> None:
    page = open_page()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".card").count() >= 120
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".card").count() < 80
    assert ordinary_page().count("<img") == 0
