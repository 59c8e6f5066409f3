"""Presigned uploads: what is asked is hostile, what is given is exact."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions import aws
from functions.upload.handler import handler, read_settings
from functions.upload.offer import LIFETIME
from functions.upload.request import MAX_BODY, RequestError, read_request
from tests.unit.functions.conftest import INTAKE, FakeContext


@pytest.fixture(autouse=True)
def _deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("INTAKE_BUCKET", INTAKE)
    monkeypatch.setenv("MAX_IMAGE_BYTES", "5000")
    read_settings.cache_clear()
    aws.signing_client.cache_clear()
    yield
    aws.signing_client.cache_clear()


def call(body: Any, method: str = "POST", *, encoded: bool = False) -> tuple[int, dict[str, Any]]:
    text = body if isinstance(body, str) else json.dumps(body)
    event = {
        "version": "2.0",
        "requestContext": {"http": {"method": method, "path": "/"}},
        "body": base64.b64encode(text.encode()).decode() if encoded else text,
        "isBase64Encoded": encoded,
    }
    how: Any = FakeContext()
    answer = handler(event, how)
    assert answer["headers"]["cache-control"] == "no-store"
    return answer["statusCode"], json.loads(answer["body"])


def policy(upload: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.b64decode(upload["fields"]["policy"]))
    return found


@pytest.mark.parametrize("encoded", [False, True])
def test_each_file_gets_its_own_presigned_post(*, encoded: bool) -> None:
    names = ["a b.jpg", "写真 🎨.png", "set.tar"]
    status, given = call({"prefix": "shop/2026-11", "files": names}, encoded=encoded)
    assert status == 200
    drop = given["drop"]
    assert drop.startswith(f"s3://{INTAKE}/intake/shop/2026-11/")
    assert [u["file"] for u in given["uploads"]] == names
    for upload in given["uploads"]:
        assert upload["image"] == drop + upload["file"]
        assert upload["url"] == f"https://{INTAKE}.s3.amazonaws.com/"
        key = upload["image"].removeprefix(f"s3://{INTAKE}/")
        conditions = policy(upload)["conditions"]
        assert {"bucket": INTAKE} in conditions
        assert {"key": key} in conditions
        assert ["content-length-range", 1, 5000] in conditions
        assert upload["fields"]["key"] == key
        assert "x-amz-signature" in upload["fields"]


def test_what_is_presigned_expires_when_it_is_said_to() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    _, given = call({"files": ["a.jpg"]})
    said = datetime.fromisoformat(given["expires_at"])
    signed = datetime.fromisoformat(policy(given["uploads"][0])["expiration"])
    assert before + LIFETIME <= said
    # botocore asks its own clock, a moment later.
    assert abs(signed - said) < timedelta(minutes=1)


def test_the_region_is_named_since_browsers_follow_no_redirect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    _, given = call({"files": ["a.jpg"]})
    assert given["uploads"][0]["url"] == f"https://{INTAKE}.s3.eu-central-1.amazonaws.com/"


def test_equal_calls_do_not_replace_each_others_files() -> None:
    asked = {"prefix": "shop", "files": ["a.jpg"]}
    assert call(asked)[1]["drop"] != call(asked)[1]["drop"]


def test_says_how_verdicts_are_found() -> None:
    _, given = call({"files": ["a.jpg"]})
    assert f"starts_with(image, '{given['drop']}')" in given["verdicts"]["athena"]


@pytest.mark.parametrize(
    "prefix",
    ["", "/", "a/", "/a", "a//b", "..", "a/../b", ".hidden", "a/.b", "a b", "é", "a'b", "a%2e",
     "${filename}", "a\n", "a\x00", "x" * 201, 7, None, ["a"]],
)  # fmt: skip
def test_a_folder_that_is_none_is_refused(prefix: Any) -> None:
    status, said = call({"prefix": prefix, "files": ["a.jpg"]})
    assert status == 400
    assert said["error"].startswith("prefix: ")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "no file name"),
        ("a/b.jpg", "no slashes"),
        ("..\\b.jpg", "no slashes"),
        ("..", "no dot in front"),
        (".jpg", "no dot in front"),
        ("a\n.jpg", "nothing invisible"),
        ("a\x00.jpg", "nothing invisible"),
        ("a\u202egpj.jpg", "nothing invisible"),
        ("x" * 197 + ".jpg", "no file name"),
        ("é" * 100 + ".jpg", "no file name"),
        ("${filename}.jpg", "may not hold ${"),
        ("a.exe", "is not scored"),
        ("a.html", "is not scored"),
    ],
)
def test_a_file_that_may_not_be_called_so_is_refused(name: str, why: str) -> None:
    status, said = call({"files": ["good.jpg", name]})
    assert status == 400
    assert why in said["error"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 50_000, "not JSON"),
        ("9" * 10_000, "not JSON"),
        ([], "body:"),
        (None, "body:"),
        ({}, "files: Field required"),
        ({"files": []}, "files:"),
        ({"files": "a.jpg"}, "files:"),
        ({"files": [7]}, "files.0:"),
        ({"files": [f"{n}.jpg" for n in range(101)]}, "at most 100"),
        ({"files": ["a.jpg", "a.jpg"]}, "'a.jpg' is named twice"),
        ({"files": ["a.jpg"], "bucket": "other"}, "bucket: Extra inputs"),
        ('{"files": ["\\ud800.jpg"]}', "nothing invisible"),
    ],
)
def test_what_is_no_request_is_refused(body: Any, why: str) -> None:
    status, said = call(body)
    assert status == 400
    assert why in said["error"]
    assert len(said["error"]) < 2000


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(RequestError, match="not JSON in UTF-8"):
        read_request(b"\xff\xfe")


def test_a_hundred_files_are_taken_at_once() -> None:
    _, given = call({"files": [f"{n}.jpg" for n in range(100)]})
    assert len({upload["image"] for upload in given["uploads"]}) == 100


def test_other_methods_long_bodies_and_damaged_ones_are_refused() -> None:
    assert call("", method="GET")[0] == 405
    assert call("x" * (2 * MAX_BODY))[0] == 413
    how: Any = FakeContext()
    event = {
        "requestContext": {"http": {"method": "POST"}},
        "body": "%%%",
        "isBase64Encoded": True,
    }
    assert handler(event, how)["statusCode"] == 400
    del event["body"]
    assert handler(event, how)["statusCode"] == 400
