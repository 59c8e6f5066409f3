import tempfile
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from detector.uri import S3Uri
from functions.once import put_once
from tests.unit.functions.conftest import RESULTS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PLACE = S3Uri(RESULTS, "a")


def test_first_write_stands(s3: "S3Client") -> None:
    assert put_once(s3, PLACE, b"1", content_type="text/plain")
    assert not put_once(s3, PLACE, b"2", content_type="text/plain")
    assert s3.get_object(Bucket=RESULTS, Key="a")["Body"].read() == b"1"


def test_a_file_is_written_whole_and_left_open(s3: "S3Client") -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"abc")
        file.seek(0)
        assert put_once(s3, PLACE, file, content_type="text/plain")
        file.seek(0)
        assert not put_once(s3, PLACE, file, content_type="text/plain")
        assert not file.closed
    assert s3.get_object(Bucket=RESULTS, Key="a")["Body"].read() == b"abc"


def test_other_refusals_pass_through() -> None:
    client = boto3.client("s3")
    with Stubber(client) as stub:
        stub.add_client_error("put_object", "ConditionalRequestConflict", http_status_code=409)
        with pytest.raises(ClientError, match="ConditionalRequestConflict"):
            put_once(client, PLACE, b"1", content_type="text/plain")
