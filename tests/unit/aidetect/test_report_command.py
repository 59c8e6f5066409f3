"""``aidetect report``: which batch, what is written, and what the page can do."""

import dataclasses
import getpass
import json
import re
import sys
import webbrowser
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import typer
from typer.testing import CliRunner

from aidetect import report_command
from aidetect.batch_search import NoBatchError, find_batch
from aidetect.page_file import has_browser, open_page
from aidetect.review_link import review_link
from aidetect.target import Target
from detector.layout import BatchLayout
from tests.browser.batch import ordinary
from tests.unit.aidetect.conftest import BUCKET
from tests.unit.aidetect.reviewed import DAY, make_target, put_batch

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
app = typer.Typer()
app.command()(report_command.report)


@cache
def a_page() -> str:
    return ordinary(8).page()


@pytest.fixture
def target(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> Target:
    made = make_target(s3)
    monkeypatch.setattr(report_command, "resolve", lambda *_: made)
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    return made


def run(*words: str | Path, code: int = 0) -> str:
    found = CliRunner().invoke(app, [*map(str, words), "--no-open"], env={"COLUMNS": "300"})
    assert found.exit_code == code, found.output
    return found.output


def review_in(path: Path) -> Any:
    found = re.search(r'id="review">([^<]*)<', path.read_text("utf-8"))
    assert found
    return json.loads(found[1])


def test_the_page_can_save_one_object_and_connect_nowhere_else(
    target: Target, tmp_path: Path
) -> None:
    layout = put_batch(target, "b1", page=a_page())
    path = tmp_path / "page.html"
    said = run("b1", "--out", path)
    assert str(path) in said
    assert "Marks by ada can be saved until" in said
    assert path.stat().st_mode & 0o777 == 0o600
    given = review_in(path)
    url = urlsplit(given["put_url"])
    query = parse_qs(url.query)
    assert url.hostname == f"{BUCKET}.s3.amazonaws.com"
    key = url.path.lstrip("/").replace("%3D", "=")
    assert re.fullmatch(re.escape(layout.feedback.key) + r"\d{8}T\d{6}Z-[0-9a-f]{8}\.jsonl", key)
    assert query["X-Amz-SignedHeaders"] == ["content-type;host"]
    assert query["X-Amz-Expires"] == [str(12 * 3600)]
    assert given["reviewer"] == "ada"
    left = datetime.fromisoformat(given["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=11) < left < timedelta(hours=12, minutes=1)
    policy = re.search(r"connect-src ([^;\"]*)", path.read_text("utf-8"))
    assert policy
    assert policy[1] == f"https://{BUCKET}.s3.amazonaws.com"


def test_each_opening_is_a_sitting_of_its_own(target: Target, tmp_path: Path) -> None:
    put_batch(target, "b1", page=a_page())
    saved = {
        json.loads(run("b1", "--json", "--out", tmp_path / "p.html"))["saves_to"] for _ in range(3)
    }
    assert len(saved) == 3


def test_without_a_review_the_page_is_as_it_was_written(target: Target, tmp_path: Path) -> None:
    put_batch(target, "b1", page=a_page())
    told = json.loads(run("b1", "--no-review", "--json", "--out", tmp_path))
    assert told["page"] == str(tmp_path / "aidetect-report-b1.html")
    assert Path(told["page"]).read_text("utf-8") == a_page()
    assert (told["saves_to"], told["expires_at"], told["reviewer"]) == (None, None, "")


def test_the_page_lies_here_unless_it_is_said_where(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    put_batch(target, "b1", page=a_page())
    run("b1", "--reviewer", "Ann </script>", "--hours", "168")
    given = review_in(tmp_path / "aidetect-report-b1.html")
    assert given["reviewer"] == "Ann </script>"
    assert parse_qs(urlsplit(given["put_url"]).query)["X-Amz-Expires"] == ["604800"]


def test_what_cannot_be_is_said(target: Target, tmp_path: Path) -> None:
    put_batch(target, "old")
    put_batch(target, "strange", page="<p>no report")
    out = ("--out", tmp_path)
    assert "has no report: it was scored by a version that wrote none" in run("old", *out, code=1)
    assert "this is no report of a batch" in run("strange", *out, code=1)
    assert "no batch is called new" in run("new", *out, code=1)
    run("old", "--hours", "169", code=2)
    run("old", "--hours", "0", code=2)
    put_batch(target, "b1", page=a_page())
    assert "over 120 characters" in run("b1", "--reviewer", "r" * 121, *out, code=1)
    assert "No such file" in run("b1", "--out", tmp_path / "none" / "p.html", code=1)
    assert list(tmp_path.iterdir()) == []


def test_temporary_credentials_are_told_of(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_batch(target, "b1", page=a_page())
    assert "temporary credentials" not in run("b1", "--out", tmp_path)
    session = boto3.Session("ASIAEXAMPLE", "secret", "token", region_name="us-east-1")
    other = dataclasses.replace(target, session=session)
    monkeypatch.setattr(report_command, "resolve", lambda *_: other)
    assert "temporary credentials" in run("b1", "--out", tmp_path)


@pytest.mark.parametrize(
    ("region", "endpoint", "origin"),
    [
        ("eu-central-1", None, f"https://{BUCKET}.s3.eu-central-1.amazonaws.com"),
        ("us-east-1", "http://127.0.0.1:4566", "http://127.0.0.1:4566"),
    ],
)
def test_the_link_names_the_region_or_the_local_stack(
    target: Target, region: str, endpoint: str | None, origin: str
) -> None:
    session = boto3.Session("test", "test", region_name=region)
    there = dataclasses.replace(target, session=session, endpoint=endpoint)
    link = review_link(there, BatchLayout(BUCKET, "b1", DAY), 1, NOW)
    url = urlsplit(link.put_url)
    assert f"{url.scheme}://{url.netloc}" == origin
    assert link.where.key.startswith("feedback/run_date=2026-11-26/batch=b1/20261126T120000Z-")
    assert (link.temporary, link.expires_at) == (False, NOW + timedelta(hours=1))


def test_a_batch_is_found_by_the_beginning_of_its_id(target: Target) -> None:
    for batch in ("3f2a01", "3f2b02", "3f2"):
        put_batch(target, batch)
    assert find_batch(target, "3f2a").batch == "3f2a01"
    # A whole id is meant, although others begin with it.
    assert find_batch(target, "3f2").batch == "3f2"
    with pytest.raises(NoBatchError, match="several batches begin with 3f: 3f2, 3f2a01, 3f2b02"):
        find_batch(target, "3f")


@pytest.mark.parametrize("wanted", ["", "../b", "a/b", "b*", "x" * 81, "b\n", "--"])
def test_what_is_no_id_is_refused(target: Target, wanted: str) -> None:
    with pytest.raises(NoBatchError, match="is no batch's id"):
        find_batch(target, wanted)


def test_the_latest_is_the_one_that_wrote_last_and_has_ended(target: Target) -> None:
    with pytest.raises(NoBatchError, match="no batch has results on the test yet"):
        find_batch(target, "latest")
    put_batch(target, "older", day="2026-11-24")
    assert find_batch(target, "latest").batch == "older"
    put_batch(target, "newer", day="2026-11-25")
    put_batch(target, "running", day="2026-11-26", ended=False)
    assert find_batch(target, "latest").batch == "newer"


def test_a_batch_without_a_summary_is_explained(target: Target) -> None:
    put_batch(target, "lost", ended=False)
    target.s3.put_object(Bucket=BUCKET, Key=BatchLayout(BUCKET, "lost").plan.key, Body=b"{}")
    with pytest.raises(NoBatchError, match="was never finished"):
        find_batch(target, "lost")
    machine = target.outputs.ScoringStateMachineArn
    target.sfn.start_execution(stateMachineArn=machine, name="lost", input="{}")
    with pytest.raises(NoBatchError, match="is still being scored; wait for its end"):
        find_batch(target, "lost")
    target.sfn.stop_execution(
        executionArn=target.outputs.execution_arn("lost"), error="Stopped", cause="by hand"
    )
    with pytest.raises(NoBatchError, match="ended as ABORTED without results"):
        find_batch(target, "lost")


def test_no_browser_is_started_in_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def show(url: str) -> bool:
        asked.append(url)
        return True

    monkeypatch.setattr(webbrowser, "open", show)
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    assert not has_browser()
    assert not open_page(tmp_path / "a b.html")
    assert asked == []
    monkeypatch.setenv("DISPLAY", ":0")
    assert open_page(tmp_path / "a b.html")
    assert asked == [f"file://{tmp_path}/a%20b.html"]
