"""Who is at the keyboard, for the record."""

import getpass
from typing import Any

import boto3

from aidetect.target import Target


def who(target: Target) -> str:
    """Return the ARN of the AWS identity at work; on the local stack the name of the user.

    Raises
    ------
    botocore.exceptions.ClientError
        If AWS does not say.
    """
    if not target.is_local:
        client: Any = boto3.client
        return str(client("sts").get_caller_identity()["Arn"])
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"  # a container's user may have no name
