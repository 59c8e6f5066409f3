"""A container's ``secrets``: variables whose values AWS fetches with the execution role.

https://docs.aws.amazon.com/batch/latest/userguide/specifying-sensitive-data-secrets.html
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

PREFIX = "arn:aws:secretsmanager:"
# arn:aws:secretsmanager:region:account:secret:name, then key, stage and version.
ARN_PARTS = 7


class SecretError(Exception):
    """A secret that the container names cannot be given to it."""


def secret_variables(container: Mapping[str, Any], read: Callable[[str], str]) -> dict[str, str]:
    """Give the variables; ``read`` fetches a secret's text by ARN.

    Raises
    ------
    SecretError
        When one names no secret of Secrets Manager, or a key that it lacks.
    """
    found = {}
    for entry in container.get("secrets") or []:
        source = str(entry["valueFrom"])
        if not source.startswith(PREFIX):
            raise SecretError(f"{source} is no ARN of a secret in Secrets Manager")
        parts = source.split(":")
        text = read(":".join(parts[:ARN_PARTS]))
        key = parts[ARN_PARTS] if len(parts) > ARN_PARTS else ""
        found[str(entry["name"])] = _field(text, key, source) if key else text
    return found


def _field(text: str, key: str, source: str) -> str:
    try:
        return str(json.loads(text)[key])
    except (ValueError, KeyError, TypeError) as error:
        raise SecretError(f"the secret of {source} has no key {key}") from error
