"""Reading feedback back from the bucket, where anybody with a link may have written."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from detector.layout import BatchLayout
from detector.stored_feedback import read_feedback
from tests.unit.detector.marked import NOON, a_line, as_lines

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RESULTS = "results"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator["S3Client"]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=RESULTS)
        yield client


def put(s3: "S3Client", batch: str, day: str, name: str, body: bytes) -> None:
    where = BatchLayout(RESULTS, batch, day).feedback.join(name)
    s3.put_object(Bucket=RESULTS, Key=where.key, Body=body)


def test_reads_every_sitting_of_the_days_asked_for(s3: "S3Client") -> None:
    for batch, day in (("b1", "2026-11-20"), ("b2", "2026-11-21"), ("b3", "2026-11-22")):
        put(s3, batch, day, "one.jsonl", as_lines(a_line(batch=batch)))
    s3.put_object(Bucket=RESULTS, Key="results/run_date=2026-11-22/batch=b3/x", Body=b"x")
    everything = read_feedback(s3, RESULTS)
    assert [m.correction.batch for m in everything.marks] == ["b1", "b2", "b3"]
    assert everything.problems == ()
    recent = read_feedback(s3, RESULTS, since="2026-11-21")
    assert [m.correction.batch for m in recent.marks] == ["b2", "b3"]


def test_a_bad_line_is_named_and_the_others_count(s3: "S3Client") -> None:
    put(s3, "b1", "2026-11-20", "one.jsonl", b"{\n" + as_lines(a_line()))
    found = read_feedback(s3, RESULTS)
    assert len(found.marks) == 1
    (problem,) = found.problems
    assert problem.startswith(
        "s3://results/feedback/run_date=2026-11-20/batch=b1/one.jsonl line 1: not JSON"
    )


def test_the_link_of_one_batch_has_no_say_in_another(s3: "S3Client") -> None:
    put(s3, "b1", "2026-11-20", "one.jsonl", as_lines(a_line(batch="b2"), a_line()))
    found = read_feedback(s3, RESULTS)
    assert [m.correction.batch for m in found.marks] == ["b1"]
    assert "1 lines are of another batch than b1" in found.problems[0]


def test_what_is_named_otherwise_is_left_out(s3: "S3Client") -> None:
    s3.put_object(Bucket=RESULTS, Key="feedback/stray.jsonl", Body=as_lines(a_line()))
    found = read_feedback(s3, RESULTS)
    assert found.marks == ()
    assert "not named as feedback is" in found.problems[0]


def test_a_huge_object_is_not_read(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detector.stored_feedback.MAX_BYTES", 10)
    put(s3, "b1", "2026-11-20", "one.jsonl", as_lines(a_line()))
    found = read_feedback(s3, RESULTS)
    assert found.marks == ()
    assert "too many for a sitting" in found.problems[0]


def test_a_clock_that_is_ahead_counts_from_when_it_was_saved(s3: "S3Client") -> None:
    ahead = datetime.now(UTC) + timedelta(days=400)
    behind = NOON - timedelta(days=4000)
    lines = as_lines(a_line(marked_at=ahead.isoformat()), a_line(marked_at=behind.isoformat()))
    put(s3, "b1", "2026-11-20", "one.jsonl", lines)
    first, second = read_feedback(s3, RESULTS).marks
    assert first.at < ahead - timedelta(days=399)
    assert second.at == behind
