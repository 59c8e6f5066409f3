"""Versions are written once; the pointer is one string."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from detector import once
from detector.champion import write_champion
from detector.package import DESCRIPTION_FILE, PackageError, load_package
from detector.plan import DetectorRef
from training.registry import RegistryError, champion, fetch, publish, released

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PARAMETER = "/aidetect/champion"


def objects(s3: "S3Client") -> dict[str, str]:
    found = s3.list_objects_v2(Bucket="models").get("Contents", [])
    return {o["Key"]: o["LastModified"].isoformat() + o["ETag"] for o in found}


def test_a_package_is_published_whole(s3: "S3Client", package: Path) -> None:
    ref = publish(package, s3=s3, bucket="models")
    names = {key.rpartition("/")[2] for key in objects(s3)}
    assert names == {path.name for path in package.iterdir()}
    assert all(key.startswith(f"models/{ref.name}/{ref.version}/") for key in objects(s3))
    assert released(ref, s3=s3) == load_package(package)


def test_publishing_again_changes_nothing(s3: "S3Client", package: Path) -> None:
    publish(package, s3=s3, bucket="models")
    before = objects(s3)
    publish(package, s3=s3, bucket="models")
    assert objects(s3) == before


def test_the_description_comes_last(
    s3: "S3Client", package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    put = s3.put_object

    def note(**request: Any) -> object:
        order.append(request["Key"])
        return put(**request)

    monkeypatch.setattr(s3, "put_object", note)
    publish(package, s3=s3, bucket="models")
    assert order[-1].endswith(DESCRIPTION_FILE)
    assert len(order) == len(list(package.iterdir()))


def test_other_content_under_the_same_version_is_refused(s3: "S3Client", package: Path) -> None:
    publish(package, s3=s3, bucket="models")
    path = package / DESCRIPTION_FILE
    path.write_text(path.read_text().replace('"created_at": "2026', '"created_at": "2027'))
    with pytest.raises(RegistryError, match="a version is never changed"):
        publish(package, s3=s3, bucket="models")


def test_an_altered_package_is_refused(s3: "S3Client", package: Path) -> None:
    with (package / "model.onnx").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(PackageError, match="altered"):
        publish(package, s3=s3, bucket="models")
    assert objects(s3) == {}


@pytest.mark.parametrize(
    ("code", "error", "message"),
    [
        ("ConditionalRequestConflict", RegistryError, "someone else"),
        ("AccessDenied", ClientError, "AccessDenied"),
    ],
)
def test_what_s3_refuses_is_said(
    s3: "S3Client",
    package: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    error: type[Exception],
    message: str,
) -> None:
    def refuse(**_request: object) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "PutObject")

    monkeypatch.setattr(s3, "put_object", refuse)
    monkeypatch.setattr(once, "CONFLICT_PAUSE", 0.0)
    with pytest.raises(error, match=message):
        publish(package, s3=s3, bucket="models")


def test_a_missing_bucket_is_an_error(s3: "S3Client", package: Path) -> None:
    with pytest.raises(ClientError):
        publish(package, s3=s3, bucket="elsewhere")


def test_a_failing_look_is_an_error(
    s3: "S3Client", package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_request: object) -> None:
        raise ClientError({"Error": {"Code": "500", "Message": "no"}}, "HeadObject")

    monkeypatch.setattr(s3, "head_object", refuse)
    with pytest.raises(ClientError, match="500"):
        publish(package, s3=s3, bucket="models")


def test_what_was_never_published_is_not_released(s3: "S3Client") -> None:
    with pytest.raises(RegistryError, match="not published"):
        released(DetectorRef(bucket="models", name="a", version="1"), s3=s3)


def test_the_champion_is_one_string(aws: None) -> None:
    ssm = boto3.client("ssm", region_name="us-east-1")
    ref = DetectorRef(bucket="models", name="tiny-probe", version="1.2.3-abc")
    with pytest.raises(RegistryError, match="no detector is published yet"):
        champion(ssm=ssm, parameter=PARAMETER, bucket="models")
    ssm.put_parameter(Name=PARAMETER, Value="none", Type="String")
    with pytest.raises(RegistryError, match="no detector is published yet: run aidetect detector"):
        champion(ssm=ssm, parameter=PARAMETER, bucket="models")
    write_champion(ref, ssm=ssm, parameter=PARAMETER)
    assert champion(ssm=ssm, parameter=PARAMETER, bucket="models") == ref
    assert ssm.get_parameter(Name=PARAMETER)["Parameter"].get("Value") == "tiny-probe@1.2.3-abc"


def test_a_release_is_fetched_whole_or_in_part(
    s3: "S3Client", package: Path, tmp_path: Path
) -> None:
    ref = publish(package, s3=s3, bucket="models")
    whole = fetch(ref, tmp_path / "whole", s3=s3)
    assert {p.name: p.read_bytes() for p in whole.iterdir()} == {
        p.name: p.read_bytes() for p in package.iterdir()
    }
    told = fetch(ref, tmp_path / "told", s3=s3, files=lambda found: found.told)
    assert {p.name for p in told.iterdir()} == {DESCRIPTION_FILE, "MODEL_CARD.md"}
    (whole / "MODEL_CARD.md").write_text("altered")
    assert (
        fetch(ref, whole, s3=s3).joinpath("MODEL_CARD.md").read_bytes()
        == (package / "MODEL_CARD.md").read_bytes()
    )


def test_a_release_that_was_altered_in_the_bucket_is_refused(
    s3: "S3Client", package: Path, tmp_path: Path
) -> None:
    ref = publish(package, s3=s3, bucket="models")
    key = f"models/{ref.name}/{ref.version}/MODEL_CARD.md"
    s3.put_object(Bucket="models", Key=key, Body=b"other")
    with pytest.raises(PackageError, match="altered"):
        fetch(ref, tmp_path / "into", s3=s3)
