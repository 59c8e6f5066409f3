"""Uploading a drop."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aidetect.source import gather
from aidetect.upload import UploadError, upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def test_every_file_arrives(tmp_path: Path, s3: "S3Client") -> None:
    for number in range(40):
        (tmp_path / f"{number} +%#é.jpg").write_bytes(str(number).encode())
    drop = gather(tmp_path, "intake/x/")
    arrived: list[str] = []
    upload(s3, "intake", drop, lambda item: arrived.append(item.key))
    listed = s3.list_objects_v2(Bucket="intake", Prefix="intake/x/")["Contents"]
    assert (
        sorted(arrived) == sorted(o["Key"] for o in listed) == sorted(u.key for u in drop.uploads)
    )


def test_a_file_that_vanished_is_named(tmp_path: Path, s3: "S3Client") -> None:
    file = tmp_path / "gone.jpg"
    file.write_bytes(b"x")
    drop = gather(tmp_path, "intake/")
    file.unlink()
    with pytest.raises(UploadError, match=r"gone\.jpg was not uploaded"):
        upload(s3, "intake", drop)


def test_a_bucket_that_is_not_there(tmp_path: Path, s3: "S3Client") -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    with pytest.raises(UploadError, match="NoSuchBucket"):
        upload(s3, "nowhere", gather(tmp_path, "intake/"))
