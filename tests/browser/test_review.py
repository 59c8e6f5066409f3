"""Marking images, and handing the marks in."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Page, expect

from batch_inference.report.inject import Review, with_review
from detector.evaluation import Label
from detector.feedback import Correction
from tests.browser.batch import BATCH, DETECTOR, ordinary
from tests.browser.conftest import Opener, ordinary_page

ROWS = {image.row["image"]: image.row for image in ordinary(240).images}
LATER = (datetime.now(UTC) + timedelta(hours=1)).isoformat()


class Store(ThreadingHTTPServer):
    """Stands for S3 behind a presigned URL: keeps what is PUT, answers as it is told."""

    daemon_threads = True
    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[bytes] = []
        self.types: list[str | None] = []

    @property
    def url(self) -> str:
        """A URL as S3 presigns it."""
        return (
            f"http://127.0.0.1:{self.server_port}/bucket/feedback/x.jsonl?X-Amz-Signature=a&b=<c>"
        )


class _Handler(BaseHTTPRequestHandler):
    server: Store

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Methods", "PUT")
        self.send_header("Access-Control-Allow-Headers", "content-type")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_OPTIONS(self) -> None:
        self._answer(200)

    def do_PUT(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.types.append(self.headers["Content-Type"])
        self._answer(self.server.status)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def corrections(text: bytes | str) -> list[Correction]:
    lines = (text if isinstance(text, bytes) else text.encode()).splitlines()
    return [Correction.parse(line) for line in lines]


def focus(page: Page, place: int) -> str:
    """Put the keyboard on a card; return its image."""
    page.locator(f'[data-place="{place}"]').focus()
    return str(page.evaluate("document.activeElement.querySelector('.name').title"))


def test_marks_are_handed_in_as_corrections(open_page: Opener, store: Store) -> None:
    review = Review(store.url, LATER, "Ada <b>O'Neill</b>")
    page = open_page(
        with_review(ordinary_page(), review), "#review=1", complaints=(f":{store.server_port}/",)
    )
    first, second = focus(page, 0), focus(page, 1)
    page.locator('[data-place="0"]').focus()
    page.keyboard.press("1")
    page.keyboard.press("n")
    page.keyboard.press("2")
    expect(page.locator("#review-count")).to_contain_text("2 marked: 1 real, 1 ai. Not saved yet.")
    expect(page.locator("#reviewer")).to_have_count(0)
    page.click("#save")
    expect(page.locator("#review-count")).to_contain_text("2 handed in at")

    assert store.types == ["application/x-ndjson"]
    found = {c.image.removeprefix("s3://aidetect-intake/"): c for c in corrections(store.bodies[0])}
    assert {key: c.label for key, c in found.items()} == {first: Label.REAL, second: Label.AI}
    for correction in found.values():
        row = ROWS[correction.image]
        assert correction.batch == BATCH
        assert correction.detector == DETECTOR
        assert correction.reviewer == "Ada <b>O'Neill</b>"
        assert correction.verdict == row["verdict"]
        assert correction.probability == pytest.approx(row["probability"], abs=1e-5)
        assert correction.sha256 == row["sha256"]
        marked = datetime.fromisoformat(correction.marked_at)
        assert abs(datetime.now(UTC) - marked) < timedelta(minutes=5)


def test_every_save_holds_all_marks_of_the_sitting(open_page: Opener, store: Store) -> None:
    page = open_page(
        with_review(ordinary_page(), Review(store.url, LATER, "Ada")),
        "#review=1",
        complaints=(f":{store.server_port}/",),
    )
    focus(page, 0)
    page.keyboard.press("1")
    page.click("#save")
    expect(page.locator("#review-count")).to_contain_text("1 handed in")
    focus(page, 1)
    page.keyboard.press("2")
    expect(page.locator("#review-count")).to_contain_text("Not all of it is saved.")
    page.click("#save")
    expect(page.locator("#review-count")).to_contain_text("2 handed in")
    assert [len(corrections(body)) for body in store.bodies] == [1, 2]


def saved_file(page: Page) -> list[Correction]:
    with page.expect_download() as download:
        page.click("#save")
    assert download.value.suggested_filename == f"{BATCH}-feedback.jsonl"
    return corrections(Path(download.value.path()).read_bytes())


@pytest.mark.parametrize("kind", ["none", "expired", "refused", "unreachable"])
def test_what_cannot_be_handed_in_becomes_a_file(
    open_page: Opener, store: Store, kind: str
) -> None:
    html, words = ordinary_page(), "cannot hand in by itself"
    past = "2026-01-02T03:04:05+00:00"
    if kind == "expired":
        html, words = with_review(html, Review(store.url, past, "Ada")), "is over"
    elif kind == "refused":
        store.status = 403
        html, words = with_review(html, Review(store.url, LATER, "Ada")), "refused it (status 403)"
    elif kind == "unreachable":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}/bucket/x"
        html, words = with_review(html, Review(url, LATER, "Ada")), "could not be reached"
    # A request that fails is itself a line on the console.
    tried = kind in {"refused", "unreachable"}
    complaints = ("127.0.0.1", "Failed to load resource") if tried else ()
    page = open_page(html, "#review=1", complaints=complaints)
    image = focus(page, 2)
    page.keyboard.press("2")
    (correction,) = saved_file(page)
    assert correction.image.endswith(image)
    assert correction.reviewer == ("" if kind == "none" else "Ada")
    told = page.locator("#review-count")
    expect(told).to_contain_text(words)
    expect(told).to_contain_text(f"aidetect feedback add {BATCH}-feedback.jsonl")
    assert len(store.bodies) == (1 if kind == "refused" else 0)


def test_keys_mark_clear_undo_and_go_on(open_page: Opener) -> None:
    page = open_page()
    focus(page, 0)
    page.keyboard.press("1")
    expect(page.locator(".marked")).to_have_count(0)
    page.click("#review-toggle")
    expect(page.locator("#sort")).to_have_value("teach")
    expect(page.locator(".card").first).to_have_class("item card unsure")
    focus(page, 0)
    press, card = page.keyboard.press, page.locator('[data-place="0"]')
    for key, mark in (("1", "real"), ("2", "ai"), ("3", None), ("2", "ai"), ("0", None)):
        press(key)
        expect(card).to_be_focused()
        if mark:
            expect(card.locator(".marked")).to_have_text(f"marked {mark}")
        else:
            expect(card.locator(".marked")).to_have_count(0)
    press("u")
    expect(card.locator(".marked")).to_have_text("marked ai")
    for _ in range(4):
        press("u")
    expect(card.locator(".marked")).to_have_count(0)
    expect(page.locator("#undo")).to_be_disabled()
    press("2")
    press("n")
    expect(page.locator('[data-place="1"]')).to_be_focused()


def test_marks_stay_in_the_browser_and_can_be_filtered(open_page: Opener) -> None:
    page = open_page(fragment="#review=1")
    focus(page, 3)
    page.keyboard.press("1")
    page.reload()
    expect(page.locator('[data-place="3"] .marked')).to_have_text("marked real")
    expect(page.locator("#review-count")).to_contain_text("1 marked: 1 real, 0 ai.")
    page.select_option("#mark", "marked")
    expect(page.locator(".card")).to_have_count(1)
    kept = page.evaluate(f"localStorage.getItem('aidetect.review.{BATCH}')")
    assert [mark["label"] for mark in json.loads(kept).values()] == ["real"]


def test_marking_in_the_detail_view(open_page: Opener) -> None:
    page = open_page(fragment="#review=1")
    page.locator('[data-place="1"] .tile').click()
    page.keyboard.press("2")
    pressed = page.locator('dialog .mark[aria-pressed="true"]')
    expect(pressed).to_have_text("AI")
    page.locator("dialog .mark", has_text="Real").click()
    expect(pressed).to_have_text("Real")
    page.keyboard.press("n")
    expect(page.locator("dialog .place")).to_have_text("3 of 240")
    page.keyboard.press("Escape")
    expect(page.locator('[data-place="1"] .marked')).to_have_text("marked real")


def test_a_browser_that_keeps_nothing_says_so(open_page: Opener) -> None:
    page = open_page()
    page.evaluate("void (Storage.prototype.setItem = () => { throw new Error('full'); })")
    page.click("#review-toggle")
    focus(page, 0)
    page.keyboard.press("1")
    expect(page.locator("#review-count")).to_contain_text("This browser keeps nothing")
    (correction,) = saved_file(page)
    assert correction.label is Label.REAL


def test_an_error_row_cannot_be_marked(open_page: Opener) -> None:
    page = open_page(fragment="#review=1&verdict=error")
    focus(page, 0)
    page.keyboard.press("1")
    expect(page.locator(".marked, .marks")).to_have_count(0)


def test_nothing_else_can_be_reached(open_page: Opener, store: Store) -> None:
    html = with_review(ordinary_page(), Review("https://s3.example.com/x", LATER, "Ada"))
    page = open_page(html, complaints=(f"127.0.0.1:{store.server_port}",))
    refused = page.evaluate(
        "url => fetch(url, {method: 'PUT', body: 'x'}).then(() => false, () => true)", store.url
    )
    assert refused
    assert store.bodies == []
