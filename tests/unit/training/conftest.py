"""A fitted head of a tiny encoder, and S3 in memory."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from tests.unit.training.tiny import make_images, tiny_weights
from training.dataset import Dataset, load_dataset
from training.fitted import fit_folder
from training.fitting import Naming, Setting
from training.head import CARD_FILE, read_head
from training.package import build_package

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return load_dataset(make_images(tmp_path_factory.mktemp("images")))


@pytest.fixture(scope="session")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    return Setting(tiny_weights(), tmp_path_factory.mktemp("cache"), threads=1)


@pytest.fixture(scope="session")
def fitted(images: Dataset, setting: Setting, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fitted") / "head"
    fit_folder(images, folder, setting, Naming("tiny-probe", "1.2.3", "test", NOW))
    return folder


@pytest.fixture
def package(fitted: Path, setting: Setting, tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / CARD_FILE).write_bytes((fitted / CARD_FILE).read_bytes())
    # Random weights lose more in coarse patches than trained ones.
    build_package(folder, *read_head(fitted), setting.encoder, fine=True)
    return folder


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


@pytest.fixture
def s3(aws: None) -> "S3Client":
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="models")
    return client
