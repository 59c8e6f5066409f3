"""Objects that outlive the emulator: on disk, and back into a new one."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from local.emulator.aidetect_emulator.object_store import ObjectStore, ParameterStore, StoredObject
from local.restore import restore_objects, restore_parameters

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEYS = ["a.jpg", "mit space/ü日.png", "plus+%20#?&.jpg", "a//b/../c", "x" * 1000, "[b]*.jpg", "."]


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator["S3Client"]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("s3", region_name="us-east-1")


def filled(root: Path) -> ObjectStore:
    store = ObjectStore(root)
    for number, key in enumerate(KEYS):
        headers = {"ContentType": "image/png", "X-Unknown": "dropped"}
        stored = StoredObject(key, headers, {"n": str(number)})
        store.save("images", stored, io.BytesIO(key.encode()))
    return store


def test_what_is_saved_is_found(tmp_path: Path) -> None:
    store = filled(tmp_path)
    found = {stored.key: (stored, path.read_bytes()) for stored, path in store.objects("images")}
    assert sorted(found) == sorted(KEYS)
    assert all(body == key.encode() for key, (_, body) in found.items())
    assert store.buckets() == ["images"]


def test_the_last_version_counts_and_deletion_removes(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.save("images", StoredObject("a.jpg"), io.BytesIO(b"new"))
    store.delete("images", "mit space/ü日.png")
    store.delete("images", "never there")
    found = {stored.key: path.read_bytes() for stored, path in store.objects("images")}
    assert found["a.jpg"] == b"new"
    assert len(found) == len(KEYS) - 1


def test_a_half_written_object_is_not_there(tmp_path: Path) -> None:
    store = filled(tmp_path)
    next((tmp_path / "images").glob("*.json")).unlink()
    next((tmp_path / "images").glob("*.json")).with_suffix(".body").unlink()
    assert len(list(store.objects("images"))) == len(KEYS) - 2


def test_nothing_kept_is_nothing(tmp_path: Path) -> None:
    assert ObjectStore(tmp_path / "none").buckets() == []
    assert ParameterStore(tmp_path / "none.json").load() == {}


def test_objects_come_back_without_being_announced(tmp_path: Path, s3: "S3Client") -> None:
    sqs = boto3.client("sqs", region_name="us-east-1")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    s3.create_bucket(Bucket="images")
    s3.put_bucket_notification_configuration(
        Bucket="images",
        NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": arn["QueueArn"], "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    sqs.purge_queue(QueueUrl=queue)
    assert restore_objects(filled(tmp_path), s3) == len(KEYS)
    # S3 sends its test event when notifications are set; intake knows that one.
    sent = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    assert not [m for m in sent if "ObjectCreated" in m["Body"]]
    for number, key in enumerate(KEYS):
        found = s3.get_object(Bucket="images", Key=key)
        assert found["Body"].read() == key.encode()
        assert (found["ContentType"], found["Metadata"]) == ("image/png", {"n": str(number)})
    after = s3.get_bucket_notification_configuration(Bucket="images")
    assert after["QueueConfigurations"][0]["QueueArn"] == arn["QueueArn"]


def test_a_bucket_that_the_stack_no_longer_has_is_left_out(tmp_path: Path, s3: "S3Client") -> None:
    s3.create_bucket(Bucket="other")
    assert restore_objects(filled(tmp_path), s3) == 0


def test_parameters_come_back_where_the_stack_has_them(tmp_path: Path, s3: "S3Client") -> None:
    del s3
    ssm = boto3.client("ssm", region_name="us-east-1")
    ssm.put_parameter(Name="/a/champion", Value="none", Type="String")
    store = ParameterStore(tmp_path / "ssm.json")
    store.save({"/a/champion": "clip@1", "/not/made/by/the/template": "x"})
    assert restore_parameters(store.load(), ssm) == 2
    assert ssm.get_parameter(Name="/a/champion")["Parameter"]["Value"] == "clip@1"
    assert restore_parameters(store.load(), ssm) == 0
