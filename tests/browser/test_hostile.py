"""Names and metadata that were written to do harm."""

import pytest
from playwright.sync_api import Dialog, expect

from detector.provenance import Claim
from tests.browser.batch import Batch
from tests.browser.conftest import Opener

HOSTILE = (
    "<img src=x onerror=alert(1)>.jpg",
    "</script><script>alert(2)</script>.jpg",
    "<!--<script>.jpg",
    "\u2028\u2029line.jpg",
    "\u202egpj.exe\u2066.jpg",
    "a" * 1000 + ".jpg",
    "漢字 🦊 & 'quotes' \"double\" `tick` ${alert(3)}.jpg",
    "#fragment&x=%3Cb%3E?.jpg",
    "\x00\x07\x1b[31m.jpg",
    "__proto__",
)
DETAIL = (
    '{"exif:Software":"<svg onload=alert(4)>","__proto__":{"x":1},"' + "k" * 300 + '":["\\u202e"]}'
)


def hostile() -> Batch:
    """Return a batch of nothing but hostile images."""
    batch = Batch()
    for name in HOSTILE:
        batch.add(
            f"intake/{name}/{name}",
            probability=0.9,
            provenance=f"{Claim.C2PA_AI.value},{Claim.GENERATOR_TAG.value},<b>unknown</b>",
            generator=name[:120],
            provenance_detail=DETAIL,
        )
        batch.add("intake/archive.zip", member=name, probability=0.3, provenance_detail="{" + name)
    return batch


@pytest.mark.parametrize("view", ["cards", "table"])
def test_hostile_text_is_only_text(open_page: Opener, view: str) -> None:
    batch = hostile()
    page = open_page(batch.page(), f"#sort=time&view={view}")
    alerts: list[str] = []

    def alerted(dialog: Dialog) -> None:
        alerts.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", alerted)
    expect(page.locator("#count")).to_have_text(
        f"{len(batch.images)} of {len(batch.images)} images"
    )
    for place, image in enumerate(batch.images):
        item = page.locator(f'[data-place="{place}"]')
        item.scroll_into_view_if_needed()
        item.click()
        told = page.locator("dialog dd").first.text_content()
        # NUL cannot stand in a document: the browser shows its replacement.
        assert told == image.row["image"]
        expect(
            page.locator("dialog img, dialog script, dialog b, dialog svg[onload]")
        ).to_have_count(0)
        page.keyboard.press("Escape")
    assert page.locator("script").count() == 3 + len(batch.images)
    assert page.locator("[onerror], [onload], #grid img").count() == 0
    assert page.evaluate("Object.prototype.x") is None
    assert alerts == []


def test_long_and_turned_names_do_not_break_the_layout(open_page: Opener) -> None:
    for width in (1280, 360):
        page = open_page(hostile().page(), viewport={"width": width, "height": 800})
        expect(page.locator(".card").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        heights = page.locator(".card").evaluate_all("all => all.map(node => node.offsetHeight)")
        assert len(set(heights)) == 1
        page.locator(".card").first.click()
        pane = page.locator("dialog .about")
        assert pane.evaluate("node => node.scrollWidth <= node.clientWidth")


def test_what_is_turned_round_stays_within_its_name(open_page: Opener) -> None:
    page = open_page(hostile().page(), "#sort=time&view=table")
    names = page.locator(".list .name bdi")
    expect(names.first).to_be_visible()
    # At once, since rows come and go as the list is drawn.
    found = names.evaluate_all("all => all.map(node => getComputedStyle(node).unicodeBidi)")
    assert found
    assert set(found) == {"isolate"}


def test_searching_for_hostile_text_finds_it_and_the_link_keeps_it(open_page: Opener) -> None:
    page = open_page(hostile().page())
    page.fill("#search", "</script><script>")
    expect(page.locator("#count")).to_have_text("2 of 20 images")
    fragment = page.evaluate("location.hash")
    other = open_page(fragment=fragment)
    expect(other.locator("#search")).to_have_value("</script><script>")
    expect(other.locator("#count")).to_have_text("2 of 20 images")
