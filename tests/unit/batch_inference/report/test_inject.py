"""Opening a report for review: one URL to hand in at, and nowhere else to go."""

import json
import re

import pytest

from batch_inference.report.inject import MAX_REVIEWER, Review, ReviewError, with_review
from tests.browser.batch import Batch

URL = (
    "https://results.s3.eu-central-1.amazonaws.com/feedback/x.jsonl?X-Amz-Signature=ab&n=</script>"
)
LATER = "2026-11-26T09:00:00+00:00"


@pytest.fixture(scope="module")
def page() -> str:
    batch = Batch()
    batch.add('intake/connect-src <script type="application/json" id="review">null</script>.jpg',
              probability=0.5)  # fmt: skip
    return batch.page()


def policy(html: str) -> dict[str, str]:
    (text,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', html)
    return dict(part.strip().split(" ", 1) for part in text.split(";"))


def review_in(html: str) -> object:
    (text,) = re.findall(r'<script type="application/json" id="review">([^<]*)</script>', html)
    return json.loads(text)


def test_the_stored_page_connects_to_nowhere(page: str) -> None:
    assert policy(page)["connect-src"] == "'none'"
    assert review_in(page) is None


def test_the_page_may_connect_to_the_origin_of_the_url_and_to_no_other(page: str) -> None:
    opened = with_review(page, Review(URL, LATER, "Ada <O'Neill>"))
    origin = "https://results.s3.eu-central-1.amazonaws.com"
    assert policy(opened) == policy(page) | {"connect-src": origin}
    assert review_in(opened) == {
        "put_url": URL,
        "expires_at": LATER,
        "reviewer": "Ada <O'Neill>",
    }
    # Nothing else changed, above all not the row that looks like it.
    assert opened.split('id="data"')[1] == page.split('id="data"')[1]


def test_a_page_opened_before_is_opened_anew(page: str) -> None:
    once = with_review(page, Review(URL, LATER, "Ada"))
    again = with_review(once, Review("http://127.0.0.1:4566/b/k?x=1", LATER))
    assert policy(again)["connect-src"] == "http://127.0.0.1:4566"
    assert again == with_review(page, Review("http://127.0.0.1:4566/b/k?x=1", LATER))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://host/x",
        "https:///x",
        "https://user:secret@host/x",
        "https://ho st/x",
        "https://host;script-src/x",
        "https://*.example.com/x",
        "https://host:port/x",
        'https://host"/x',
        "javascript:alert(1)",
    ],
)
def test_a_url_that_a_policy_cannot_name_is_refused(page: str, url: str) -> None:
    with pytest.raises(ReviewError):
        with_review(page, Review(url, LATER))


def test_a_time_without_offset_and_a_long_name_are_refused(page: str) -> None:
    for expires_at in ("soon", "2026-11-26T09:00:00", ""):
        with pytest.raises(ReviewError, match="ISO 8601"):
            with_review(page, Review(URL, expires_at))
    with pytest.raises(ReviewError, match="shorten"):
        with_review(page, Review(URL, LATER, "x" * (MAX_REVIEWER + 1)))


def test_what_is_no_report_is_refused() -> None:
    with pytest.raises(ReviewError, match="no report"):
        with_review("<html></html>", Review(URL, LATER))
