"""One folder, on disk or in S3: the same words for both."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from detector.uri import S3Uri
from training.storage import LocalStorage, MissingFileError, S3Storage, Storage, open_storage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(params=["disk", "s3", "whole bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "disk":
        return LocalStorage(tmp_path / "root")
    s3 = request.getfixturevalue("s3")
    return S3Storage(s3, S3Uri("models", "some/prefix/" if request.param == "s3" else ""))


def test_files_are_written_read_listed_and_removed(storage: Storage, tmp_path: Path) -> None:
    assert storage.names() == []
    storage.write("a/one.json", b"1", content_type="application/json")
    (tmp_path / "two").write_bytes(b"22")
    storage.upload("a/two", tmp_path / "two")
    storage.child("b").write("three", b"333")
    assert storage.names() == ["a/one.json", "a/two", "b/three"]
    assert storage.names("a/") == ["a/one.json", "a/two"]
    assert storage.child("a").names() == ["one.json", "two"]
    assert storage.read("b/three") == b"333"
    storage.write("b/three", b"4")
    storage.download("b/three", tmp_path / "deep" / "copy")
    assert (tmp_path / "deep" / "copy").read_bytes() == b"4"
    assert storage.exists("a/two")
    storage.delete("a/two")
    storage.delete("a/two")
    assert not storage.exists("a/two")


def test_what_is_missing_is_named(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="nowhere"):
        storage.read("nowhere")
    with pytest.raises(MissingFileError, match="nowhere"):
        storage.download("nowhere", tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_other_refusals_are_not_taken_for_missing_files(s3: "S3Client") -> None:
    gone = S3Storage(s3, S3Uri("no-such-bucket-here", ""))
    with pytest.raises(ClientError, match="NoSuchBucket"):
        gone.read("x")


def test_opened_by_what_is_named(s3: "S3Client", tmp_path: Path) -> None:
    assert open_storage("s3://models/x", s3).uri == "s3://models/x"
    assert isinstance(open_storage("s3://models/x"), S3Storage)
    assert open_storage(tmp_path) == LocalStorage(tmp_path)
    assert open_storage(str(tmp_path)).uri == str(tmp_path)
