"""Whatever stands where a document is expected: the document, or the error that is documented."""

import json
from contextlib import suppress
from datetime import UTC
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from detector.contract import Contract, ContractError
from detector.feedback_lines import MAX_WHY, read_lines
from detector.json_text import read_json
from detector.manifest import ManifestEntry, parse_entry, write_lines
from detector.manifest import read_lines as read_manifest
from detector.training_request import RequestError, Resume, TrainingRequest, read_request
from detector.uri import S3Uri, UriError, image_name
from tests.unit.detector import hostile
from tests.unit.detector.documents import DOCUMENTS
from tests.unit.detector.hostile import BRIEFLY, TRAPS
from tests.unit.detector.marked import a_line, as_lines

ENTRY = {"bucket": "b", "key": "k", "size": 1, "etag": "e", "version": "v", "kind": "archive"}
REQUEST = {
    "dataset": "s3://b/data/",
    "recipe": "probe",
    "settings": {"seed": 1},
    "name": "mine",
    "sweep": 0,
}
UNICODE = st.text(st.characters(exclude_categories=["Cs"]))


@BRIEFLY
@given(hostile.VALUES)
def test_json_is_a_document_that_can_be_written_or_a_value_error(document: Any) -> None:
    text = json.dumps(document)
    try:
        found = read_json(text)
    except ValueError:
        with pytest.raises(UnicodeEncodeError):
            json.dumps(document, ensure_ascii=False).encode()
    else:
        json.dumps(found, ensure_ascii=False).encode()


@pytest.mark.parametrize("trap", TRAPS, ids=range(len(TRAPS)))
def test_traps_of_json(trap: bytes) -> None:
    for text in (trap, trap.decode("utf-8", "surrogatepass") if trap != b"\xff\xfe" else "\ud800"):
        with suppress(ValueError):
            json.dumps(read_json(text), ensure_ascii=False).encode()


@BRIEFLY
@given(hostile.texts(ENTRY))
def test_a_manifest_line_is_an_entry_or_a_contract_error(line: bytes) -> None:
    try:
        entry = parse_entry(line)
    except ContractError as error:
        str(error).encode("utf-8", "backslashreplace")
    else:
        assert list(read_manifest("".join(write_lines([entry])).splitlines(True))) == [entry]
        str(entry.uri).encode()


@pytest.mark.parametrize("trap", TRAPS, ids=range(len(TRAPS)))
def test_no_trap_is_an_entry(trap: bytes) -> None:
    with pytest.raises(ContractError):
        parse_entry(trap)


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
@BRIEFLY
@given(data=st.data())
def test_a_contract_is_read_or_refused(name: str, data: st.DataObject) -> None:
    kind: type[Contract] = type(DOCUMENTS[name])
    text = data.draw(hostile.texts(json.loads(DOCUMENTS[name].dumps())))
    with suppress(ContractError):
        read = kind.parse(text)
        assert kind.parse(read.dumps()) == read


@pytest.mark.parametrize("trap", TRAPS, ids=range(len(TRAPS)))
def test_no_trap_is_a_contract(trap: bytes) -> None:
    with pytest.raises(ContractError):
        type(DOCUMENTS["plan"]).parse(trap)


@BRIEFLY
@given(hostile.texts(a_line()))
def test_a_line_of_feedback_costs_nothing_but_itself(line: bytes) -> None:
    sound = as_lines(a_line())
    lines = read_lines(line.replace(b"\n", b" ") + b"\n" + sound)

    assert lines.good[-1].number == 2
    assert len(lines.good) + len(lines.bad) == 1 + bool(line.replace(b"\n", b" ").strip())
    assert all(len(bad.why) <= MAX_WHY for bad in lines.bad)
    for good in lines.good:
        assert good.marked_at.tzinfo is UTC
        good.correction.dumps().encode()


@BRIEFLY
@given(hostile.VALUES | hostile.changed(REQUEST) | hostile.changed({"run": "r1"}))
def test_a_training_request_is_one_or_says_what_is_wrong(document: Any) -> None:
    with suppress(RequestError):
        request = read_request(document)
        assert isinstance(request, TrainingRequest | Resume)
        if isinstance(request, TrainingRequest):
            assert S3Uri.parse(request.dataset)


@BRIEFLY
@given(st.text(st.characters(), max_size=40) | st.text(max_size=20).map("s3://{}".format))
@example("s3://")
@example("s3:///key")
@example("s3://\ud800/key")
def test_a_uri_is_one_or_an_error(text: str) -> None:
    try:
        uri = S3Uri.parse(text)
    except UriError as error:
        str(error).encode()
    else:
        str(uri).encode()
        assert uri.bucket
        # Without a slash behind the bucket it names the same.
        assert str(uri).rstrip("/") == text.rstrip("/")


@BRIEFLY
@given(UNICODE.filter(lambda name: name and "/" not in name), UNICODE, UNICODE)
def test_uris_and_names_survive(bucket: str, key: str, member: str) -> None:
    uri = S3Uri(bucket, key)
    assert S3Uri.parse(str(uri)) == uri
    assert image_name(uri, member) == f"s3://{bucket}/{key}#{member}"


@BRIEFLY
@given(st.builds(ManifestEntry, bucket=UNICODE, key=UNICODE, size=st.none() | st.integers(0)))
def test_an_entry_survives(entry: ManifestEntry) -> None:
    assert parse_entry(entry.dumps()) == entry
