"""What `aidetect verdict` tells of one image."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from aidetect import verdict_command
from aidetect.claims import claims_of
from aidetect.main import app
from aidetect.table import reason_sentence
from detector.layout import BatchLayout
from detector.provenance import MEANINGS, Claim
from tests.unit.aidetect.conftest import BUCKET, a_row, put_rows
from tests.unit.aidetect.scene import a_target

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture
def layout(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> BatchLayout:
    target = a_target(s3)
    monkeypatch.setattr(verdict_command, "resolve", lambda *_: target)
    layout = BatchLayout(BUCKET, "b1", f"{datetime.now(UTC):%Y-%m-%d}")
    tagged = replace(
        a_row("x/a.jpg"),
        provenance="c2pa_ai,iptc_ai,new\x1b[31m",
        generator="[red]Firefly\x1b[31m",
        provenance_detail='{"iptc_ai": "XMP"}',
    )
    put_rows(s3, layout, "000000000", [tagged, a_row("x/b.jpg", None), a_row("x/c.jpg")])
    return layout


def ask(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["verdict", *arguments], env={"COLUMNS": "250"})
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_claims_of_a_file_are_told_in_words(layout: BatchLayout) -> None:
    shown = ask("a.jpg")
    for claim in (Claim.C2PA_AI, Claim.IPTC_AI):
        assert f"{MEANINGS[claim].badge}: {MEANINGS[claim].sentence}" in shown
    assert "does not know the claim" in shown
    assert r"[red]Firefly\x1b[31m" in shown
    assert '{"iptc_ai": "XMP"}' in shown
    assert "\x1b" not in shown
    assert "report" not in shown
    assert "evidence" not in shown


def test_what_lies_beside_it_is_named_where_it_is_there(
    layout: BatchLayout, s3: "S3Client"
) -> None:
    for where in (layout.report, layout.evidence("000000000")):
        s3.put_object(Bucket=BUCKET, Key=where.key, Body=b"")
    shown = ask("c.jpg")
    assert "aidetect report b1" in shown
    assert str(layout.evidence("000000000")) in shown
    assert "the file says" not in shown
    (row,) = json.loads(ask("a.jpg", "--json"))
    assert [claim["code"] for claim in row["claims"]][:2] == ["c2pa_ai", "iptc_ai"]
    assert (row["batch"], row["report"]) == ("b1", str(layout.report))
    assert row["evidence"] == str(layout.evidence("000000000"))


def test_an_error_says_what_to_do(layout: BatchLayout) -> None:
    assert "decompression bomb" in ask("b.jpg")
    assert "update aidetect" in reason_sentence("of_tomorrow")


def test_rows_without_claims() -> None:
    assert claims_of({}) == ()
    assert claims_of({"provenance": None}) == ()
