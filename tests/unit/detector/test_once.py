"""Writing at most once."""

import io
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws

from detector import once
from detector.once import WriteConflictError, put_once
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "results"
PLACE = S3Uri(BUCKET, "a")


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator["S3Client"]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


def test_first_write_stands(s3: "S3Client") -> None:
    assert put_once(s3, PLACE, b"1", content_type="text/plain")
    assert not put_once(s3, PLACE, b"2", content_type="text/plain")
    assert s3.get_object(Bucket=BUCKET, Key="a")["Body"].read() == b"1"


def test_a_file_is_written_whole_and_left_open(s3: "S3Client") -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"abc")
        file.seek(0)
        assert put_once(s3, PLACE, file, content_type="text/plain")
        file.seek(0)
        assert not put_once(s3, PLACE, file, content_type="text/plain")
        assert not file.closed
    assert s3.get_object(Bucket=BUCKET, Key="a")["Body"].read() == b"abc"


def test_a_conflict_is_tried_again_with_the_whole_file(
    s3: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(once, "CONFLICT_PAUSE", 0.0)
    bodies: list[bytes] = []
    put = s3.put_object

    def busy_first(**arguments: Any) -> object:
        if not bodies:
            bodies.append(arguments["Body"].read())
            raise ClientError({"Error": {"Code": "ConditionalRequestConflict"}}, "PutObject")
        return put(**arguments)

    monkeypatch.setattr(s3, "put_object", busy_first)
    assert put_once(s3, PLACE, io.BytesIO(b"abc"), content_type="text/plain")
    assert bodies == [b"abc"]
    assert s3.get_object(Bucket=BUCKET, Key="a")["Body"].read() == b"abc"


def test_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "CONFLICT_PAUSE", 0.0)
    client = boto3.client("s3", region_name="us-east-1")
    with Stubber(client) as stub:
        for _ in range(once.CONFLICT_TRIES):
            stub.add_client_error("put_object", "ConditionalRequestConflict")
        with pytest.raises(WriteConflictError, match="s3://results/a"):
            put_once(client, PLACE, b"1")
        stub.add_client_error("put_object", "AccessDenied")
        with pytest.raises(ClientError, match="AccessDenied"):
            put_once(client, PLACE, b"1")
