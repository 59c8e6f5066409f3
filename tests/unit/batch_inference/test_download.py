"""The quick way to whole objects: the very bytes, or nothing."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from batch_inference.budget import ByteBudget
from batch_inference.download import HOPELESS, REST, Downloads, chosen, is_plain
from batch_inference.meter import Meter
from batch_inference.reader import Reader
from benchmarks.s3_server import LocalS3, local_s3
from detector.manifest import ManifestEntry
from detector.plan import Limits
from detector.reason import ImageError, Reason

BUCKET = "bucket"
ODD = ["a b.jpg", "x/y=z/1+1@home, (2)!.jpg", "it's/a_b-c.JPG", "deep/er/and.deeper/1"]
STRANGE = [
    "",
    "/a",
    "a/",
    "a//b",
    "a/../b",
    "./a",
    "a%20b",
    "café.jpg",
    "a\nb",
    "a*b",
    "a?b",
    "a#b",
]


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalS3]:
    with local_s3(tmp_path_factory.mktemp("s3")) as server:
        yield server


def of(server: LocalS3) -> Downloads:
    session = boto3.Session("key", "secret", region_name="us-east-1")
    return Downloads(session, server.client())


def put(server: LocalS3, key: str, data: bytes) -> ManifestEntry:
    etag = server.client().put_object(Bucket=BUCKET, Key=key, Body=data)["ETag"]
    return ManifestEntry(bucket=BUCKET, key=key, size=len(data), etag=etag.strip('"'))


@pytest.mark.parametrize("key", ODD)
def test_the_very_bytes(storage: LocalS3, key: str) -> None:
    assert is_plain(key)
    entry = put(storage, key, b"bytes of " + key.encode())
    assert of(storage).fetch(entry) == b"bytes of " + key.encode()


def test_what_is_not_as_the_entry_says_is_left_to_the_reader(storage: LocalS3) -> None:
    downloads, entry = of(storage), put(storage, "one.jpg", b"one")
    for changed in (
        {"etag": "0" * 32},
        {"key": "other.jpg"},
        {"bucket": "nowhere"},
        {"size": 4},
        {"size": None},
        {"size": 0},
        {"etag": None},
    ):
        assert downloads.fetch(entry.model_copy(update=changed)) is None
    assert downloads.fetch(entry) == b"one"


def test_strange_keys_are_left_to_the_reader() -> None:
    for key in STRANGE:
        assert not is_plain(key)
        assert chosen(ManifestEntry(bucket=BUCKET, key=key, size=1, etag="e")) is None


def test_a_version_is_asked_for_by_its_name() -> None:
    entry = ManifestEntry(bucket=BUCKET, key="a.jpg", size=1, etag='"e"', version="v")
    assert chosen(entry) == {"version": "v"}
    assert chosen(entry.model_copy(update={"version": None})) == {"if_match": '"e"'}


def test_a_server_that_does_not_answer_is_left_alone_for_a_while(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with local_s3(tmp_path) as server:
        entry, downloads = put(server, "a.jpg", b"a"), of(server)
    with caplog.at_level(logging.WARNING, "aidetect.scorer"):
        assert [downloads.fetch(entry) for _ in range(HOPELESS)] == [None] * HOPELESS
    assert "botocore for a while" in caplog.text
    asked: list[str] = []

    def store(bucket: str) -> None:
        asked.append(bucket)
        raise FileNotFoundError

    monkeypatch.setattr(downloads, "_store", store)
    assert downloads.fetch(entry) is None
    assert not asked
    later = time.monotonic() + REST
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert downloads.fetch(entry) is None
    assert asked == [BUCKET]


def test_without_credentials_nothing_is_fetched(
    storage: LocalS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = put(storage, "a.jpg", b"a")
    session = boto3.Session()
    monkeypatch.setattr(session, "get_credentials", lambda: None)
    assert Downloads(session, storage.client()).fetch(entry) is None


class Quick:
    """Has an answer, or has none."""

    def __init__(self, answer: bytes | None) -> None:
        self.answer = answer

    def fetch(self, _entry: ManifestEntry) -> bytes | None:
        return self.answer


def reader(storage: LocalS3, quick: Any, meter: Meter, held: int = 100) -> Reader:
    budget = ByteBudget(held)
    return Reader(storage.client(), Limits(max_bytes=50), budget, meter, downloads=quick)


def test_the_reader_takes_the_quick_way_first(storage: LocalS3) -> None:
    entry, meter = put(storage, "a.jpg", b"slow"), Meter()
    assert reader(storage, Quick(b"fast"), meter).fetch(entry) == b"fast"
    assert (meter.gets, meter.bytes_read) == (1, 4)


def test_the_reader_asks_itself_where_the_quick_way_has_nothing(storage: LocalS3) -> None:
    entry, meter = put(storage, "a.jpg", b"slow"), Meter()
    asked = reader(storage, Quick(None), meter, held=4)
    # Were what the quick way held not given back, the second would wait forever.
    for _ in range(2):
        assert asked.fetch(entry) == b"slow"
        asked.release(4)
    assert (meter.gets, meter.bytes_read) == (2, 8)
    with pytest.raises(ImageError) as failure:
        asked.fetch(entry.model_copy(update={"key": "gone.jpg"}))
    assert failure.value.reason is Reason.MISSING


def test_a_reader_that_fails_gives_back_what_the_quick_way_held(storage: LocalS3) -> None:
    entry = put(storage, "a.jpg", b"slow")

    class Broken:
        def fetch(self, _entry: ManifestEntry) -> bytes | None:
            raise MemoryError

    broken = reader(storage, Broken(), Meter(), held=4)
    for _ in range(2):
        with pytest.raises(MemoryError):
            broken.fetch(entry)
