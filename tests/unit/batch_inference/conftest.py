"""S3 by moto, with the three buckets and a small detector in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from detector.package import DetectorPackage
from tests.unit.batch_inference.support import INTAKE, MODELS, RESULTS, publish, tiny_package

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator["S3Client"]:
    """S3 with empty buckets."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3", config=Config(max_pool_connections=64))
        for bucket in (INTAKE, RESULTS, MODELS):
            client.create_bucket(Bucket=bucket)
        yield client
        client.close()


@pytest.fixture(scope="session")
def package_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package on disk."""
    folder = tmp_path_factory.mktemp("package")
    tiny_package(folder)
    return folder


@pytest.fixture
def package(s3: "S3Client", package_folder: Path) -> DetectorPackage:
    """The package, published."""
    publish(s3, package_folder)
    return DetectorPackage.parse((package_folder / "detector.json").read_bytes())
