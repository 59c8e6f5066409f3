"""Reading objects: every failure a reason, retries, and a bound on bytes held."""

import io
import threading
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ResponseStreamingError,
)

from batch_inference import reader as reader_module
from batch_inference.budget import ByteBudget
from batch_inference.errors import ReaderError, ScoringError
from batch_inference.meter import Meter
from batch_inference.reader import Reader, selector
from batch_inference.s3_error import image_error
from detector.manifest import ManifestEntry
from detector.plan import Limits
from detector.reason import ImageError, Reason
from tests.unit.batch_inference.support import INTAKE, put_entries

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LIMITS = Limits(max_bytes=1000)


def make(s3: Any, meter: Meter | None = None) -> Reader:
    return Reader(s3, LIMITS, ByteBudget(5000), meter or Meter())


def reason_of(reader: Reader, entry: ManifestEntry) -> Reason:
    with pytest.raises(ImageError) as failure:
        reader.fetch(entry)
    return failure.value.reason


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "BODY_PAUSE", 0.0)


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
    with pytest.raises(ImageError) as failure:
        read(Body(), Body(), Body())
    assert failure.value.reason is Reason.READ_FAILED
    with pytest.raises(ImageError) as denied:
        read(ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject"))
    assert denied.value.reason is Reason.DENIED


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


def test_when_s3_answers_for_nothing_the_shard_fails_and_not_each_image(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reader_module, "UNREACHABLE", 3)
    down = [EndpointConnectionError(endpoint_url="https://s3")] * reader_module.BODY_TRIES
    reader = make(Broken(*down, *down, io.BytesIO(b"abc"), *down, *down, *down))
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
