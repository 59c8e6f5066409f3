"""The benchmarks' S3, asked by boto3 for what the scorer asks of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from benchmarks.s3_server import local_s3
from detector.once import put_once
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator["S3Client"]:
    folder = tmp_path_factory.mktemp("s3")
    with local_s3(folder, "--objects", "full/intake/=2500") as storage:
        client = storage.client()
        yield client
        client.close()


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Code"]


def test_an_object_comes_back_whole_and_in_parts(s3: "S3Client") -> None:
    etag = s3.put_object(Bucket="b", Key="a b/ü.jpg", Body=b"0123456789")["ETag"]
    answer = s3.get_object(Bucket="b", Key="a b/ü.jpg", IfMatch=etag)
    assert answer["Body"].read() == b"0123456789"
    part = s3.get_object(Bucket="b", Key="a b/ü.jpg", Range="bytes=2-4")
    assert part["Body"].read() == b"234"
    assert part["ContentRange"] == "bytes 2-4/10"
    assert s3.get_object(Bucket="b", Key="a b/ü.jpg", Range="bytes=-3")["Body"].read() == b"789"
    assert s3.head_object(Bucket="b", Key="a b/ü.jpg")["ContentLength"] == 10


def test_a_changed_or_missing_object_is_refused(s3: "S3Client") -> None:
    s3.put_object(Bucket="b", Key="changed", Body=b"x")
    with pytest.raises(ClientError) as changed:
        s3.get_object(Bucket="b", Key="changed", IfMatch='"other"')
    with pytest.raises(ClientError) as missing:
        s3.get_object(Bucket="b", Key="nothing")
    assert (code(changed), code(missing)) == ("PreconditionFailed", "NoSuchKey")


def test_an_object_is_written_once(s3: "S3Client", tmp_path: Path) -> None:
    where = S3Uri("b", "once")
    file = tmp_path / "file"
    file.write_bytes(b"first" * 1000)
    with file.open("rb") as stream:
        assert put_once(s3, where, stream)
    assert not put_once(s3, where, b"second")
    assert s3.get_object(Bucket="b", Key="once")["Body"].read() == b"first" * 1000


def test_listing_goes_page_by_page_in_order(s3: "S3Client") -> None:
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket="full", Prefix="intake/"))
    keys = [item["Key"] for page in pages for item in page["Contents"]]
    assert len(pages) == 3
    assert keys == sorted(keys)
    assert len(set(keys)) == 2500
    after = s3.list_objects_v2(Bucket="full", Prefix="intake/", StartAfter=keys[-3])
    assert [item["Key"] for item in after["Contents"]] == keys[-2:]


def test_a_new_object_is_listed_in_its_place(s3: "S3Client") -> None:
    for key in ("c/2", "c/1", "d/1"):
        s3.put_object(Bucket="listed", Key=key, Body=b"1")
    found = s3.list_objects_v2(Bucket="listed", Prefix="c/")
    assert [item["Key"] for item in found["Contents"]] == ["c/1", "c/2"]
