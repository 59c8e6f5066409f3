"""The key comes from the environment or from Secrets Manager, and is never told."""

import json

import boto3
import pytest

from training.track.secret import KeyUnreadableError, find_key

KEY = "k" * 40


def stored(value: str) -> str:
    client = boto3.client("secretsmanager", region_name="us-east-1")
    return client.create_secret(Name="wandb", SecretString=value)["ARN"]


def test_none_is_configured() -> None:
    assert find_key({}) == ""
    assert find_key({"WANDB_API_KEY": " ", "WANDB_SECRET_ARN": ""}) == ""


def test_the_environment_comes_first() -> None:
    assert find_key({"WANDB_API_KEY": KEY, "WANDB_SECRET_ARN": "arn:no"}) == KEY


@pytest.mark.parametrize("value", [KEY, f"{KEY}\n", json.dumps({"WANDB_API_KEY": KEY})])
def test_a_secret_is_read(aws: None, value: str) -> None:
    assert find_key({"WANDB_SECRET_ARN": stored(value)}) == KEY


@pytest.mark.parametrize("value", ["{not json", json.dumps({"other": KEY})])
def test_a_secret_without_key_is_said_without_telling_it(aws: None, value: str) -> None:
    with pytest.raises(KeyUnreadableError, match="holds no key") as caught:
        find_key({"WANDB_SECRET_ARN": stored(value)})
    assert KEY not in str(caught.value)


def test_a_secret_that_is_not_there_is_said(aws: None) -> None:
    with pytest.raises(KeyUnreadableError, match="GetSecretValue"):
        find_key({"WANDB_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:no"})


def test_the_region_is_the_secrets_own(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    arn = stored(KEY)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert find_key({"WANDB_SECRET_ARN": arn}) == KEY
