"""Whatever an event holds: the uploads it tells of, or one message refused and no other."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.manifest import read_lines
from functions.intake.gather import gather
from functions.plan.request import RequestError as PlanError
from functions.plan.request import read_request as read_plan
from functions.tell.ended import EndedExecution
from functions.tell.message import MAX_SUBJECT, compose
from functions.upload.request import RequestError as UploadError
from functions.upload.request import read_request as read_upload
from tests.unit.detector import hostile
from tests.unit.detector.hostile import BRIEFLY, TRAPS
from tests.unit.functions.uploads import body, record

NOTIFICATION = json.loads(body(record("intake/a.jpg", versionId="v"), record("intake/b.zip")))
UPLOAD = {"prefix": "shop", "files": ["a.jpg", "b.png"]}
PLAN = {"batch": "b1", "manifest": "s3://b/k", "lane": "express"}
ENDED = {
    "executionArn": "arn:x",
    "status": "FAILED",
    "name": "run",
    "input": "{}",
    "cause": "text",
    "error": "E",
}


@BRIEFLY
@given(hostile.texts(NOTIFICATION))
def test_a_hostile_message_costs_nothing_but_itself(text: bytes) -> None:
    # As Lambda's runtime hands it over, which lets halves of surrogate pairs through.
    hostile_body = text.decode("utf-8", "surrogateescape")
    gathered = gather([("bad", hostile_body), ("good", body(record("intake/good.jpg")))])

    assert "good" not in gathered.malformed
    assert "intake/good.jpg" in {entry.key for entry in gathered.entries}
    assert list(read_lines(gathered.manifest.splitlines(keepends=True))) == list(gathered.entries)
    assert gathered.batch.isalnum()


@pytest.mark.parametrize("key", ["\ud800", "a\udfffb"])
def test_a_key_that_no_bucket_can_hold_is_refused(key: str) -> None:
    told = {
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": "b"}, "object": {"key": key}},
    }
    gathered = gather([("bad", json.dumps({"Records": [told]})), ("good", body(record("a.jpg")))])
    assert set(gathered.malformed) == {"bad"}
    assert [entry.key for entry in gathered.entries] == ["a.jpg"]


@BRIEFLY
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), max_size=5))
def test_any_keys_make_one_manifest_in_whatever_order(keys: list[str]) -> None:
    messages = [(str(number), body(record(key))) for number, key in enumerate(keys)]
    first, second = gather(messages), gather(reversed(messages))
    assert first.manifest == second.manifest
    assert {entry.key for entry in first.entries} == set(keys)


@BRIEFLY
@given(hostile.texts(UPLOAD))
def test_a_call_for_an_upload_is_read_or_refused(text: bytes) -> None:
    try:
        asked = read_upload(text)
    except UploadError as error:
        str(error).encode()
    else:
        for name in asked.files:
            assert name.isprintable()
            assert not {"/", "\\"} & set(name)


@pytest.mark.parametrize("trap", TRAPS, ids=range(len(TRAPS)))
def test_no_trap_is_a_call(trap: bytes) -> None:
    with pytest.raises(UploadError):
        read_upload(trap)


@BRIEFLY
@given(hostile.VALUES | hostile.changed(PLAN) | hostile.changed({"prefix": "s3://b/p/"}))
def test_input_of_scoring_is_read_or_refused(document: Any) -> None:
    with suppress(PlanError):
        read_plan(document)


@BRIEFLY
@given(hostile.texts({"JobName": "run-train", "StatusReason": "x"}))
def test_why_an_execution_ended_is_told_whatever_it_says(text: bytes) -> None:
    words = text.decode("utf-8", "surrogateescape")
    ended = EndedExecution.of(ENDED | {"cause": words, "input": words})
    assert ended.arn == "arn:x"
    assert ended.run == "run"

    message = compose(ended, None, begun=False)
    # What SNS takes: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
    assert message.subject.isascii()
    assert message.subject.isprintable()
    assert 0 < len(message.subject) <= MAX_SUBJECT
    message.text.encode()


@pytest.mark.parametrize("run", ["a\nb", "\ud800", "../x", "r" * 300, "", None, 5, ["r"]])
def test_a_run_that_no_run_can_be_called_is_told_by_the_execution(run: Any) -> None:
    assert EndedExecution.of(ENDED | {"input": json.dumps({"run": run})}).run == "run"
