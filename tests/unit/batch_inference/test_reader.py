"""Reading objects: every failure a reason, retries, and a bound on bytes held."""

import io
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, cast

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ResponseStreamingError,
)
from urllib3.exceptions import SSLError

from batch_inference import reader as reader_module
from batch_inference.budget import ByteBudget
from batch_inference.errors import ReaderError, ScoringError
from batch_inference.meter import Meter
from batch_inference.reader import RANGE_TRIES, TRIES, Reader, selector
from batch_inference.s3_error import image_error
from detector.manifest import ManifestEntry
from detector.plan import Limits
from detector.reason import ImageError, Reason
from tests.unit.batch_inference.support import INTAKE, put_entries

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LIMITS = Limits(max_bytes=1000)


def make(s3: Any, meter: Meter | None = None, **options: Any) -> Reader:
    return Reader(s3, LIMITS, ByteBudget(5000), meter or Meter(), **options)


def refused(code: str, status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "GetObject")


def reason_of(reader: Reader, entry: ManifestEntry) -> Reason:
    with pytest.raises(ImageError) as failure:
        reader.fetch(entry)
    return failure.value.reason


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "PAUSE", 0.0)


class Body(io.BytesIO):
    """A body that breaks off."""

    def read(self, *_arguments: Any) -> bytes:
        raise ResponseStreamingError(error="connection reset")


class Broken:
    """S3 whose first bodies break off, or whose requests fail."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)

    def get_object(self, **_arguments: Any) -> Any:
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"Body": answer, "ContentLength": 3, "ContentRange": "bytes 0-2/9"}


ENTRY = ManifestEntry(bucket=INTAKE, key="a")


def test_an_object_is_read_whatever_its_key(s3: "S3Client") -> None:
    meter = Meter()
    for entry in put_entries(s3, {"a b+c%20#d?ü😀.png": b"abc", "x/./y//z": b"abc"}):
        assert make(s3, meter).fetch(entry) == b"abc"
    assert (meter.gets, meter.bytes_read) == (2, 6)


def test_sizes_are_judged_by_the_manifest_and_by_s3(s3: "S3Client") -> None:
    entry, empty = put_entries(s3, {"big": bytes(1001), "empty": b""})
    unsized = {"size": None, "etag": None}
    assert reason_of(make(None), entry) is Reason.TOO_LARGE  # not even asked for
    assert reason_of(make(None), empty) is Reason.EMPTY
    assert reason_of(make(s3), entry.model_copy(update=unsized)) is Reason.TOO_LARGE
    assert reason_of(make(s3), empty.model_copy(update=unsized)) is Reason.EMPTY


def test_a_gone_or_overwritten_object_is_missing(s3: "S3Client") -> None:
    gone, old = put_entries(s3, {"gone": b"1", "old": b"1"})
    s3.delete_object(Bucket=INTAKE, Key="gone")
    s3.put_object(Bucket=INTAKE, Key="old", Body=b"2")
    assert reason_of(make(s3), gone) is Reason.MISSING
    assert reason_of(make(s3), old) is Reason.MISSING


def test_the_named_version_is_read(s3: "S3Client") -> None:
    s3.put_bucket_versioning(Bucket=INTAKE, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=INTAKE, Key="a", Body=b"first")["VersionId"]
    s3.put_object(Bucket=INTAKE, Key="a", Body=b"second")
    assert make(s3).fetch(ENTRY.model_copy(update={"version": version})) == b"first"


def test_what_names_an_object() -> None:
    assert selector(ENTRY) == {"Bucket": INTAKE, "Key": "a"}
    assert selector(ENTRY.model_copy(update={"etag": '"e"'}))["IfMatch"] == '"e"'
    both = ENTRY.model_copy(update={"etag": "e", "version": "v"})
    assert selector(both) == {"Bucket": INTAKE, "Key": "a", "VersionId": "v"}


@pytest.mark.parametrize("ranged", [False, True])
def test_a_body_that_breaks_off_is_read_again(ranged: bool) -> None:
    def read(*answers: Any) -> Any:
        reader = make(Broken(*answers))
        return reader.fetch_range(ENTRY, 0, 2)[0] if ranged else reader.fetch(ENTRY)

    assert read(Body(), Body(), io.BytesIO(b"abc")) == b"abc"
    assert read(SSLError("cut"), TimeoutError(), io.BytesIO(b"abc")) == b"abc"
    with pytest.raises(ImageError) as denied:
        read(refused("AccessDenied", 403))
    assert denied.value.reason is Reason.DENIED


def test_an_object_that_never_comes_costs_its_row_but_an_archive_fails_the_shard() -> None:
    assert reason_of(make(Broken(*(Body() for _ in range(TRIES)))), ENTRY) is Reason.READ_FAILED
    with pytest.raises(ReaderError, match="did not deliver bytes 0-2 of s3://intake-bucket/a"):
        make(Broken(*(Body() for _ in range(RANGE_TRIES)))).fetch_range(ENTRY, 0, 2)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("SlowDown", 503),
        ("503", 503),
        ("InternalError", 500),
        ("ServiceUnavailable", 0),
        ("RequestTimeout", 400),
        ("ThrottlingException", 400),
        ("KMS.ThrottlingException", 400),
        ("KMS.KMSInternalException", 400),
    ],
)
def test_an_overloaded_s3_is_asked_again_and_then_fails_the_shard(code: str, status: int) -> None:
    busy = refused(code, status)
    last = io.BytesIO(b"abc")
    assert make(Broken(*[busy] * (TRIES - 1), last)).fetch(ENTRY) == b"abc"
    last = io.BytesIO(b"abc")
    ranged = make(Broken(*[busy] * (RANGE_TRIES - 1), last))
    assert ranged.fetch_range(ENTRY, 0, 2)[0] == b"abc"
    down = make(Broken(*[busy] * 2 * TRIES), objects=2)
    assert reason_of(down, ENTRY) is Reason.READ_FAILED
    with pytest.raises(ReaderError, match="2 objects in a row"):
        down.fetch(ENTRY)


def test_whoever_waits_to_ask_again_is_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "PAUSE", 60.0)
    reader = make(Broken(refused("SlowDown", 503)))
    reader.close()
    with pytest.raises(ScoringError, match="given up"):
        reader.fetch_range(ENTRY, 0, 2)


class Counted:
    """S3 that notes how many responses lie open at once."""

    def __init__(self) -> None:
        self.open = self.most = 0
        self._lock = threading.Lock()

    def get_object(self, **_arguments: Any) -> Any:
        with self._lock:
            self.open += 1
            self.most = max(self.most, self.open)
        return {"Body": self, "ContentLength": 100}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        with self._lock:
            self.open -= 1

    def read(self) -> bytes:
        return bytes(100)


def test_no_response_lies_open_while_it_waits_for_room() -> None:
    s3, budget = Counted(), ByteBudget(250)
    reader = Reader(cast("S3Client", s3), LIMITS, budget, Meter())
    entry = ENTRY.model_copy(update={"size": 100})

    def one() -> None:
        reader.fetch(entry)
        time.sleep(0.01)
        reader.release(100)

    threads = [threading.Thread(target=one) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert s3.most <= 2
    assert budget._used == 0


def test_whatever_a_fetch_held_is_given_back() -> None:
    for size, answers in (
        (3, [refused("AccessDenied", 403)]),
        (3, [Body(), Body(), Body()]),
        (9, [io.BytesIO(b"abc")]),
        (None, [io.BytesIO(b"abc")]),
    ):
        budget = ByteBudget(1 << 20)
        reader = Reader(cast("S3Client", Broken(*answers)), LIMITS, budget, Meter())
        with suppress(ImageError):
            reader.release(len(reader.fetch(ENTRY.model_copy(update={"size": size}))))
        assert budget._used == 0


def test_a_range_tells_the_size_of_the_object(s3: "S3Client") -> None:
    entry = put_entries(s3, {"a": b"0123456789"})[0]
    assert make(s3).fetch_range(entry, 2, 4) == (b"234", 10)
    assert make(Broken(io.BytesIO(b"abc"))).fetch_range(ENTRY, 0, 2) == (b"abc", 9)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("NoSuchKey", Reason.MISSING),
        ("NoSuchBucket", Reason.MISSING),
        ("MethodNotAllowed", Reason.MISSING),
        ("AccessDenied", Reason.DENIED),
        ("KMS.DisabledException", Reason.DENIED),
        ("KMS.KMSInvalidStateException", Reason.DENIED),
        ("KMS.NotFoundException", Reason.DENIED),
        ("KMS.ThrottlingException", Reason.READ_FAILED),
        ("InvalidObjectState", Reason.READ_FAILED),
        ("SlowDown", Reason.READ_FAILED),
    ],
)
def test_what_an_error_means_for_an_image(code: str, reason: Reason) -> None:
    error = image_error(ClientError({"Error": {"Code": code}}, "GetObject"))
    assert error.reason is reason
    assert error.detail


def test_what_is_wrong_with_the_scorer_is_no_image_s_fault() -> None:
    for error in (
        ClientError({"Error": {"Code": "ExpiredToken"}}, "GetObject"),
        NoCredentialsError(),
    ):
        with pytest.raises(ReaderError):
            image_error(error)
    unreachable = EndpointConnectionError(endpoint_url="https://s3")
    assert image_error(unreachable).reason is Reason.READ_FAILED


def test_when_s3_answers_for_nothing_the_shard_fails_and_not_each_image() -> None:
    down = [EndpointConnectionError(endpoint_url="https://s3")] * TRIES
    reader = make(Broken(*down, *down, io.BytesIO(b"abc"), *down, *down, *down), objects=3)
    assert [reason_of(reader, ENTRY) for _ in range(2)] == [Reason.READ_FAILED] * 2
    reader.fetch(ENTRY)  # one answer, and the count begins anew
    assert [reason_of(reader, ENTRY) for _ in range(2)] == [Reason.READ_FAILED] * 2
    with pytest.raises(ReaderError, match="in a row"):
        reader.fetch(ENTRY)


def test_the_budget_bounds_and_never_starves() -> None:
    budget = ByteBudget(10)
    budget.acquire(100)  # alone, a larger one is let in
    entered = threading.Event()

    def enter() -> None:
        budget.acquire(10)
        entered.set()

    thread = threading.Thread(target=enter)
    thread.start()
    assert not entered.wait(0.05)
    budget.release(100)
    assert entered.wait(5)
    thread.join()


def test_a_closed_budget_turns_everyone_away() -> None:
    budget, failures = ByteBudget(10), []
    budget.acquire(10)

    def wait() -> None:
        try:
            budget.acquire(1)
        except ScoringError as error:
            failures.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    budget.close()
    thread.join(5)
    assert len(failures) == 1
