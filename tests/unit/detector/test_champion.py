"""The pointer to the detector in use."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from detector.champion import read_champion
from detector.contract import ContractError
from detector.plan import DetectorRef

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

PARAMETER = "/stack/champion"


@pytest.fixture
def ssm(monkeypatch: pytest.MonkeyPatch) -> Iterator["SSMClient"]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield boto3.client("ssm", region_name="us-east-1")


def put(ssm: "SSMClient", value: str) -> None:
    ssm.put_parameter(Name=PARAMETER, Value=value, Type="String", Overwrite=True)


def test_pointer_names_detector_and_version(ssm: "SSMClient") -> None:
    put(ssm, "clip-b16@1.2.0+cpu")
    ref = DetectorRef(bucket="m", name="clip-b16", version="1.2.0+cpu")
    assert read_champion(ssm=ssm, parameter=PARAMETER, bucket="m") == ref
    assert str(ref) == "clip-b16@1.2.0+cpu"


def test_none_was_promoted_yet(ssm: "SSMClient") -> None:
    assert read_champion(ssm=ssm, parameter=PARAMETER, bucket="m") is None
    put(ssm, "none")
    assert read_champion(ssm=ssm, parameter=PARAMETER, bucket="m") is None


@pytest.mark.parametrize("value", [" ", "probe", "probe@", "@1", "Probe@1", "a/b@1", "a@1/2"])
def test_damaged_pointer_is_refused(ssm: "SSMClient", value: str) -> None:
    put(ssm, value)
    with pytest.raises(ContractError, match=r"parameter /stack/champion .* not name@version"):
        read_champion(ssm=ssm, parameter=PARAMETER, bucket="m")
