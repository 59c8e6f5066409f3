import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.manifest import Kind
from detector.reason import Reason
from functions.intake.notification import NotificationError, read
from tests.unit.functions.uploads import body, record


@pytest.mark.parametrize(
    "key",
    ["intake/a b.jpg", "intake/a+b.jpg", "intake/ü/日本.png", "intake/100%25.jpg", "intake/x"],
)
def test_keys_come_out_as_they_were_uploaded(key: str) -> None:
    (entry,) = read(body(record(key)))
    assert entry.key == key


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda t: t[-1] != "/"))
def test_any_key_survives(key: str) -> None:
    assert read(body(record(key)))[0].key == key


def test_entry_holds_what_tells_uploads_apart() -> None:
    (entry,) = read(
        body(record("intake/a.jpg", versionId="v1", eTag="abc", sequencer="0A", size=7))
    )
    assert (entry.bucket, entry.version, entry.etag, entry.sequencer, entry.size) == (
        "intake-bucket",
        "v1",
        "abc",
        "0A",
        7,
    )


def test_what_is_no_image_is_refused_unread() -> None:
    entries = read(
        body(
            record("a.txt"), record("b.jpg", size=0), record("c.tar"), record("d.zip"), record("e")
        )
    )
    assert [entry.reject for entry in entries] == [
        Reason.UNSUPPORTED,
        Reason.EMPTY,
        None,
        None,
        None,
    ]
    assert [entry.kind for entry in entries][2:4] == [Kind.ARCHIVE, Kind.ARCHIVE]


def test_folder_markers_are_passed_over_but_not_content_under_such_a_name() -> None:
    entries = read(body(record("intake/folder/", size=0), record("intake/odd/", size=5)))
    assert [entry.key for entry in entries] == ["intake/odd/"]


def test_test_event_and_deletions_tell_of_nothing() -> None:
    assert read(json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"})) == []
    assert read(body(record("a.jpg", event="ObjectRemoved:Delete"))) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"Records": [{}]}',
        '{"Records": 5}',
        "[" * 100_000,
        "null",
        "1" * 5000,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(NotificationError, match="not an S3 notification"):
        read(text)
