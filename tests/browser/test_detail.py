"""One image: heat map, detail view, keyboard."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener

PIXELS = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const at = (n) => Array.from(data.slice(n * 4, n * 4 + 4));
  return Array.from({ length: data.length / 4 }, (_, n) => at(n));
}"""


def seen(page: Page, place: int) -> bytes:
    return page.locator(f'[data-place="{place}"] .tile').screenshot()


def test_the_heat_map_shows_on_hover_and_goes(open_page: Opener) -> None:
    page = open_page()
    page.mouse.move(2, 2)
    page.wait_for_function("document.querySelector('[data-place=\"2\"] img').complete")
    before = seen(page, 2)
    page.hover('[data-place="2"]')
    canvas = page.locator('[data-place="2"] canvas')
    expect(canvas).to_be_visible()
    pixels = canvas.evaluate(PIXELS)
    assert len(pixels) == 14 * 14
    # Towards AI is warm, towards real is cold, and how opaque says how much.
    warm = [p for p in pixels if p[0] > p[2] and p[3] > 0]
    cold = [p for p in pixels if p[2] > p[0] and p[3] > 0]
    assert warm
    assert len({p[3] for p in warm + cold}) > 10
    assert seen(page, 2) != before
    page.mouse.move(2, 2)
    expect(canvas).to_have_count(0)


def test_the_heat_map_lies_over_the_crop_alone(open_page: Opener) -> None:
    page = open_page()
    page.click("#heat")
    tile = page.locator(".card .tile.hot").first
    box = tile.locator("canvas").bounding_box()
    outer = tile.bounding_box()
    assert box
    assert outer
    # The synthetic detector looked at the centre square.
    assert box["width"] == pytest.approx(box["height"], abs=1.5)
    assert box["x"] + box["width"] / 2 == pytest.approx(outer["x"] + outer["width"] / 2, abs=1.5)
    assert box["height"] <= outer["height"] + 1


def test_heat_maps_can_stay_on(open_page: Opener) -> None:
    page = open_page()
    page.click("#heat")
    expect(page.locator(".card canvas").nth(5)).to_be_visible()
    page.mouse.wheel(0, 2500)
    expect(page.locator(".card canvas").nth(5)).to_be_visible()
    assert "heat=1" in page.evaluate("location.hash")
    page.click("#heat")
    expect(page.locator(".card canvas")).to_have_count(0)


def test_the_detail_view_tells_everything(open_page: Opener) -> None:
    page = open_page(fragment="#claim=c2pa_ai")
    card = page.locator(".card").first
    name = card.locator(".name").inner_text()
    card.click()
    dialog = page.locator("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.locator("h2")).to_have_text(name)
    expect(dialog).to_contain_text("A trusted signer sealed a C2PA manifest that says a model made")
    expect(dialog).to_contain_text("png:parameters")
    for column in ("image", "sha256", "etag", "logit", "graph", "scored", "manifest entry"):
        expect(dialog.locator("dt", has_text=re.compile(f"^{column}$"))).to_have_count(1)
    expect(dialog.locator("dd").first).to_have_text(re.compile(f"^s3://aidetect-intake/.*{name}$"))
    assert "open=s3" in page.evaluate("location.hash")


def test_arrows_go_on_and_escape_goes_back_to_where_one_was(open_page: Opener) -> None:
    page = open_page()
    names = page.locator(".card .name").all_inner_texts()
    page.locator('[data-place="1"]').click()
    title = page.locator("#detail-title")
    expect(title).to_have_text(names[1])
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(title).to_have_text(names[3])
    page.keyboard.press("ArrowLeft")
    expect(title).to_have_text(names[2])
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    expect(page.locator('[data-place="2"]')).to_be_focused()
    assert "open" not in page.evaluate("location.hash")


def test_a_link_opens_one_image(open_page: Opener) -> None:
    page = open_page()
    page.locator('[data-place="3"]').click()
    fragment, name = page.evaluate("location.hash"), page.locator("#detail-title").inner_text()
    other = open_page(fragment=fragment)
    expect(other.locator("#detail-title")).to_have_text(name)


def test_the_uri_can_be_copied(open_page: Opener) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.locator('[data-place="0"]').click()
    page.get_by_role("button", name="Copy the URI").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("dialog dd").first.inner_text()


def test_the_keyboard_alone_reaches_everything(open_page: Opener) -> None:
    page = open_page()
    press = page.keyboard.press
    press("Tab")
    expect(page.locator("#skip")).to_be_focused()
    press("Enter")
    expect(page.locator('[data-place="0"]')).to_be_focused()
    expect(page.locator('[data-place="0"] canvas')).to_be_visible()
    press("ArrowRight")
    press("ArrowDown")
    columns = int(page.locator("#grid").get_attribute("aria-colcount") or 0)
    expect(page.locator(f'[data-place="{columns + 1}"]')).to_be_focused()
    press("End")
    expect(page.locator('[data-place="239"]')).to_be_focused()
    expect(page.locator('[data-place="239"]')).to_be_in_viewport()
    press("Home")
    press("PageDown")
    press("Enter")
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    press("Escape")
    expect(page.locator("#grid .item:focus")).to_have_count(1)
    press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("bikes")
    press("Tab")
    expect(page.locator("#sort")).to_be_focused()
    for _ in range(5):
        press("Tab")
    # Cards, list, heat maps, review, and from there into the list: one stop.
    expect(page.locator("#grid .item:focus")).to_have_count(1)
    press("Tab")
    expect(page.locator("#grid :focus")).to_have_count(0)


def test_bars_of_the_histogram_are_one_stop_with_arrows(open_page: Opener) -> None:
    page = open_page()
    page.locator("#histogram .bin").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#histogram .bin").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#from")).to_have_value("0.025")
    expect(page.locator("#histogram .bin").nth(1)).to_be_focused()
