"""A batch is scored, its report opened in a browser, marked, saved, counted and learnt from.

The browser saves to the running stack itself, by the URL that `aidetect report` presigned.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from typer.testing import CliRunner

from aidetect.main import app
from aidetect.samples import write_samples
from detector.feedback_lines import read_lines
from detector.layout import BatchLayout
from detector.uri import S3Uri
from tests.browser.chromium import launch
from tests.integration.stack import Stack
from training.data.locate import find

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Scored:
    """A batch that has ended, and the images in it."""

    layout: BatchLayout
    images: frozenset[str]


def run(*words: str | Path) -> dict[str, Any]:
    result = CliRunner().invoke(app, [*map(str, words), "--json"])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.fixture(scope="module")
def scored(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Scored:
    for path in write_samples(tmp_path_factory.mktemp("reviewed"))[:3]:
        stack.put(f"held/to review/{path.name}", path.read_bytes())
    rows = stack.score("held/to review/", "review-of-three")
    summary = stack.summary("review-of-three")
    layout = BatchLayout(stack.target.outputs.ResultsBucket, summary.batch, summary.run_date)
    return Scored(layout, frozenset(row["image"] for row in rows))


@pytest.fixture
def page(stack: Stack) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page()
        page.set_default_timeout(30_000)
        yield page
        browser.close()


def marked(stack: Stack, scored: Scored) -> dict[str, str]:
    """Return what was saved: label by image."""
    found: dict[str, str] = {}
    for key in stack.keys(scored.layout.bucket, scored.layout.feedback.key):
        with stack.target.s3.get_object(Bucket=scored.layout.bucket, Key=key)["Body"] as body:
            lines = read_lines(body.read())
        assert lines.bad == ()
        found |= {line.correction.image: line.correction.label.value for line in lines.good}
    return found


def test_a_batch_is_reviewed_in_a_browser(
    stack: Stack, scored: Scored, page: Page, tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    told = run("report", "review-of", "--out", path, "--no-open", "--reviewer", "ann")
    assert told["batch"] == scored.layout.batch
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{path.as_uri()}#review=1")
    page.locator('[data-place="0"]').focus()
    page.keyboard.press("1")
    page.keyboard.press("n")
    page.keyboard.press("2")
    expect(page.locator("#review-count")).to_contain_text("2 marked: 1 real, 1 ai")
    page.click("#save")
    expect(page.locator("#review-count")).to_contain_text("2 handed in at")
    assert complaints == []

    saved = marked(stack, scored)
    assert sorted(saved.values()) == ["ai", "real"]
    assert set(saved) <= scored.images
    where = S3Uri.parse(told["saves_to"])
    stored = stack.target.s3.head_object(Bucket=where.bucket, Key=where.key)
    assert stored["ContentType"] == "application/x-ndjson"

    # A second thought replaces what this sitting saved: one object, all marks of it.
    page.keyboard.press("n")
    page.locator('[data-place="2"]').focus()
    page.keyboard.press("1")
    page.click("#save")
    expect(page.locator("#review-count")).to_contain_text("3 handed in at")
    assert len(marked(stack, scored)) == 3
    assert len(stack.keys(scored.layout.bucket, scored.layout.feedback.key)) == 1


def test_what_was_marked_is_counted_and_can_be_learnt_from(stack: Stack, scored: Scored) -> None:
    saved = marked(stack, scored)
    detector = stack.summary(scored.layout.batch).detector
    told = run("feedback", "accuracy", "--detector", detector)
    (one,) = told["detectors"]
    assert one["images"] == len(saved) == 3
    assert told["problems"] == []

    made = run("feedback", "dataset", "reviewed")
    assert made["images"] == 3
    found = find(made["manifest"], s3=stack.target.s3)
    files = {file.name: file for file in found.files()}
    assert {name: file.place.label.value for name, file in files.items()} == saved
    assert {file.place.source for file in files.values()} == {scored.layout.batch}
    # The bytes are those that were scored: each is held to its row's SHA-256.
    assert all(file.read() for file in files.values())


def test_the_jobs_role_may_read_what_was_marked(stack: Stack, scored: Scored) -> None:
    """One class of one source is refused, but by the split: every image was read before."""
    made = run("feedback", "dataset", "reviewed")
    result = CliRunner().invoke(app, ["train", made["manifest"], "--json"])
    assert result.exit_code == 1
    failure = json.loads(result.stdout)["failure"]
    assert failure["stage"] == "prepare"
    assert "are of 1 source" in failure["message"]


def test_a_page_that_was_passed_on_saves_nothing(
    scored: Scored, page: Page, tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    run("report", scored.layout.batch, "--out", path, "--no-open", "--no-review")
    page.goto(f"{path.as_uri()}#review=1")
    page.locator('[data-place="0"]').focus()
    page.keyboard.press("1")
    with page.expect_download() as download:
        page.click("#save")
    expect(page.locator("#review-count")).to_contain_text("cannot hand in")
    kept = tmp_path / "kept.jsonl"
    download.value.save_as(kept)
    result = CliRunner().invoke(app, ["feedback", "add", str(kept)])
    assert result.exit_code == 0, result.output
    assert f"batch {scored.layout.batch}: 1 corrections" in result.output
