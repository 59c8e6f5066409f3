from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from functions.plan.champion import ChampionError, pin_champion
from tests.unit.functions.conftest import CHAMPION_PARAMETER, MODELS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient


@pytest.mark.parametrize("value", [None, "none"])
def test_no_champion_yet_says_what_to_do(
    s3: "S3Client", ssm: "SSMClient", value: str | None
) -> None:
    ssm.delete_parameter(Name=CHAMPION_PARAMETER)
    if value:
        ssm.put_parameter(Name=CHAMPION_PARAMETER, Value=value, Type="String")
    with pytest.raises(ChampionError, match="aidetect detector publish"):
        pin_champion(parameter=CHAMPION_PARAMETER, bucket=MODELS, ssm=ssm, s3=s3)


def test_champion_without_package_is_refused(s3: "S3Client", ssm: "SSMClient") -> None:
    with pytest.raises(
        ChampionError, match=r"probe@1\.0\.0 is not at s3://models-bucket/models/probe"
    ):
        pin_champion(parameter=CHAMPION_PARAMETER, bucket=MODELS, ssm=ssm, s3=s3)


def test_other_refusals_are_not_taken_for_a_missing_package(ssm: "SSMClient") -> None:
    s3 = boto3.client("s3")
    with Stubber(s3) as stub:
        stub.add_client_error("head_object", "403", http_status_code=403)
        with pytest.raises(ClientError, match="403"):
            pin_champion(parameter=CHAMPION_PARAMETER, bucket=MODELS, ssm=ssm, s3=s3)
