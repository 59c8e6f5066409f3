"""The key of Weights & Biases: from the environment, or from Secrets Manager."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

KEY = "WANDB_API_KEY"
SECRET = "WANDB_SECRET_ARN"  # noqa: S105 - the name of a setting, not a secret
CONFIG = Config(
    connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2}
)
_REGION = 3


class KeyUnreadableError(RuntimeError):
    """The secret that is named cannot be read, or holds no key."""


def _client(secret: str) -> "SecretsManagerClient":
    parts = secret.split(":")
    region = parts[_REGION] if secret.startswith("arn:") and len(parts) > _REGION else None
    return boto3.client("secretsmanager", region_name=region or None, config=CONFIG)


def find_key(environ: Mapping[str, str]) -> str:
    """Return the key, or an empty text where none is configured.

    ``WANDB_API_KEY`` comes first; else the secret named by ``WANDB_SECRET_ARN``, which is the key
    itself or a JSON object with the field ``WANDB_API_KEY``.

    Raises
    ------
    KeyUnreadableError
        If a secret is named but gives no key. The message never holds what the secret holds.
    """
    if key := environ.get(KEY, "").strip():
        return key
    secret = environ.get(SECRET, "").strip()
    if not secret:
        return ""
    try:
        text = _client(secret).get_secret_value(SecretId=secret).get("SecretString", "").strip()
    except (ClientError, BotoCoreError) as error:
        raise KeyUnreadableError(
            f"the secret {secret} cannot be read ({error}); allow secretsmanager:GetSecretValue"
        ) from error
    if text.startswith("{"):
        try:
            text = str(json.loads(text).get(KEY, "")).strip()
        except ValueError:
            text = ""
    if not text:
        raise KeyUnreadableError(
            f"the secret {secret} holds no key; store the key itself, or JSON with {KEY}"
        )
    return text
