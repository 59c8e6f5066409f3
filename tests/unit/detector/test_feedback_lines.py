"""Lines of feedback come from browsers; a bad one is named and costs nothing but itself."""

import json
from typing import Any

import pytest

from detector.feedback_lines import MAX_LINE, read_lines
from tests.unit.detector.marked import NOON, a_line, as_lines


def test_reads_lines_and_numbers_them() -> None:
    data = b"\n" + as_lines(a_line()) + b"  \r\n" + as_lines(a_line(image="s3://b/k", label="ai"))
    lines = read_lines(data)
    assert [(g.number, g.correction.image) for g in lines.good] == [
        (2, "s3://intake/intake/a.jpg"),
        (4, "s3://b/k"),
    ]
    assert lines.bad == ()
    assert lines.good[0].marked_at == NOON


def test_a_time_is_brought_to_utc() -> None:
    (line,) = read_lines(as_lines(a_line(marked_at="2026-11-26T13:00:00.000+01:00"))).good
    assert line.marked_at == NOON


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"\xff\xfe{}", "not UTF-8"),
        (b"{", "not JSON"),
        (b"[" * 60_000, "not JSON"),
        (b"9" * 10_000, "not JSON"),
        (b"3", "not a document of schema"),
        (b"null", "not a document of schema"),
        (b"{}", "not a document of schema"),
        (b'{"schema": ["aidetect.feedback/1"]}', "not a document of schema"),
        (b'{"schema": "aidetect.feedback/2"}', "not a document of schema"),
        (b'{"schema": "aidetect.feedback/1"}', "batch: Field required"),
        (b" " * MAX_LINE + b"{}", "a correction has at most"),
    ],
)
def test_names_what_is_no_correction(line: bytes, why: str) -> None:
    lines = read_lines(as_lines(a_line()) + line + b"\n" + as_lines(a_line()))
    assert [good.number for good in lines.good] == [1, 3]
    (bad,) = lines.bad
    assert bad.number == 2
    assert why in bad.why
    assert len(bad.why) <= 300


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"batch": "../b"}, "batch: '../b' is no batch's id"),
        ({"batch": "b" * 81}, "is no batch's id"),
        ({"image": "file:///etc/passwd"}, "is not an S3 URI"),
        ({"image": ""}, "image:"),
        ({"image": "s3://b/" + "k" * 4096}, "image:"),
        ({"image": "s3://b/\ud800"}, "image:"),
        ({"label": "fake"}, "label:"),
        ({"verdict": "fake"}, "verdict:"),
        ({"probability": 1.5}, "probability:"),
        ({"probability": float("nan")}, "probability:"),
        ({"detector": "probe"}, "is not name@version"),
        ({"reviewer": "r" * 121}, "reviewer:"),
        ({"sha256": "AB" * 32}, "sha256:"),
        ({"marked_at": "yesterday"}, "marked_at: 'yesterday' is no ISO 8601 time"),
        ({"marked_at": "2026-11-26T12:00:00"}, "with an offset"),
        ({"marked_at": "9999-12-31T23:59:59-23:00"}, "marked_at:"),
        ({"marked_at": "0001-01-01T00:00:00+23:00"}, "marked_at:"),
    ],
)
def test_names_what_cannot_be(changes: dict[str, Any], why: str) -> None:
    lines = read_lines(json.dumps(a_line(**changes)).encode())
    assert lines.good == ()
    assert why in lines.bad[0].why


def test_takes_what_a_newer_page_adds_and_a_name_of_any_script() -> None:
    name = "s3://b/写真 🎨#é\u202e.jpg"
    (line,) = read_lines(as_lines(a_line(image=name, added_later={"deep": [1]}))).good
    assert line.correction.image == name
