"""Reading rows back."""

from datetime import date
from typing import TYPE_CHECKING

import pytest

from aidetect.results import find, matches, read_rows
from detector.layout import BatchLayout
from tests.unit.aidetect.conftest import BUCKET, a_row, put_rows

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TODAY = date(2026, 11, 23)


def test_reads_every_chunk_and_nothing_else(s3: "S3Client") -> None:
    layout = BatchLayout(BUCKET, "b1", "2026-11-23")
    put_rows(s3, layout, "000000000", [a_row("a.jpg"), a_row("b.jpg", None)])
    put_rows(s3, layout, "000000002", [a_row("c.jpg")])
    s3.put_object(Bucket=BUCKET, Key=layout.results.join("notes.txt").key, Body=b"x")
    assert [r["key"] for r in read_rows(s3, layout.results)] == ["a.jpg", "b.jpg", "c.jpg"]


def test_finds_the_newest_day(s3: "S3Client") -> None:
    put_rows(s3, BatchLayout(BUCKET, "old", "2026-11-20"), "0", [a_row("p/a.jpg", 0.2)])
    put_rows(s3, BatchLayout(BUCKET, "new", "2026-11-22"), "0", [a_row("p/a.jpg", 0.7)])
    rows = find(s3, BUCKET, "p/a.jpg", today=TODAY, days=5)
    assert [r["probability"] for r in rows] == [0.7]
    assert find(s3, BUCKET, "p/a.jpg", today=TODAY, days=1) == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("s3://intake/p/set.tar#m/x.jpg", True),
        ("p/set.tar", True),
        ("set.tar", True),
        ("x.jpg", True),
        ("t.tar", False),
        ("p", False),
    ],
)
def test_names_a_person_may_use(wanted: str, found: bool) -> None:
    assert matches(a_row("p/set.tar", member="m/x.jpg").values(), wanted) is found
