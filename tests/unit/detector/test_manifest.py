"""The manifest: names, lines, and what a bad line says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.contract import ContractError
from detector.manifest import (
    Kind,
    ManifestEntry,
    classify,
    parse_entry,
    read_lines,
    write_lines,
)
from detector.reason import Reason


@given(st.lists(st.text(min_size=1), max_size=5))
def test_any_key_survives_a_round_trip(keys: list[str]) -> None:
    entries = [ManifestEntry(bucket="b", key=key, size=1) for key in keys]
    lines = list(write_lines(entries))
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)
    assert list(read_lines(lines)) == entries


@pytest.mark.parametrize(
    ("key", "kind", "reject"),
    [
        ("intake/a.JPG", Kind.IMAGE, None),
        ("intake/a.b.webp", Kind.IMAGE, None),
        ("intake/0f3a9c", Kind.IMAGE, None),
        ("intake/set.tar", Kind.ARCHIVE, None),
        ("intake/SET.ZIP", Kind.ARCHIVE, None),
        ("intake/set.tar.gz", Kind.IMAGE, Reason.UNSUPPORTED),
        ("intake/a.svg", Kind.IMAGE, Reason.UNSUPPORTED),
        ("intake/a.txt", Kind.IMAGE, Reason.UNSUPPORTED),
    ],
)
def test_classify(key: str, kind: Kind, reject: Reason | None) -> None:
    assert classify(key) == (kind, reject)


def test_equal_entries_give_equal_bytes() -> None:
    entry = ManifestEntry(bucket="b", key="k", etag="e")
    assert list(write_lines([entry])) == list(write_lines([entry]))


def test_empty_manifest_is_refused() -> None:
    with pytest.raises(ContractError, match="is empty"):
        list(read_lines([], where="m"))


def test_bad_line_is_named() -> None:
    lines = [*write_lines([ManifestEntry(bucket="b", key="k")]), '{"bucket": "b"}\n']
    with pytest.raises(ContractError, match="m line 3"):
        list(read_lines(lines, where="m"))


def test_a_line_that_is_no_json_is_refused() -> None:
    with pytest.raises(ContractError, match="not a manifest entry"):
        parse_entry(b"\xff{")
