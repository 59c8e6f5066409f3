"""The emulator's own clients of itself, with the account's credentials."""

from functools import lru_cache
from typing import Any

import boto3
from localstack import config

from .batch_environment import Credentials


def endpoint() -> str:
    """Give the emulator's own URL."""
    return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}"


@lru_cache(maxsize=32)
def client(service: str, region: str) -> Any:
    """Give a client that no role's policies bind."""
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=endpoint(),
        region_name=region,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106  (the emulator's, not a secret)
    )


def client_of(service: str, region: str, credentials: Credentials) -> Any:
    """Give a client with a role's credentials: its policies decide what is allowed."""
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=endpoint(),
        region_name=region,
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.token,
    )
