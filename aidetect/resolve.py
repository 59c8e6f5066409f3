"""Which stack a command speaks to: the local one when it runs, else the AWS account at hand."""

import os
from typing import NamedTuple

from botocore.config import Config
from botocore.exceptions import BotoCoreError

from aidetect.explanation import explain
from aidetect.target import CONFIG, DEFAULT_STACK, NO_STACK, NoStackError, Target, connect

LOCAL = "local"
AWS = "aws"

__all__ = ["DEFAULT_STACK", "LOCAL", "resolve"]


class LocalAddress(NamedTuple):
    """Where the local stack is."""

    stack: str
    endpoint: str
    region: str


def local_address() -> LocalAddress | None:
    """Return where the local stack is; None where it does not run, or is not installed here."""
    try:
        from local.stack import status
    except ImportError:  # a program with the client alone: pip install 'aidetect[frames]'
        return None
    found = status()
    if not found.running or found.endpoint is None:
        return None
    return LocalAddress(found.stack, found.endpoint, found.region)


def _local(config: Config) -> Target | None:
    found = local_address()
    if found is None:
        return None
    from local.session import session

    label = f"local stack at {found.endpoint}"
    return connect(session(found.region), found.endpoint, found.stack, label, config)


def resolve(
    where: str | None = None, stack: str = DEFAULT_STACK, config: Config = CONFIG
) -> Target:
    """Find the stack to speak to.

    Parameters
    ----------
    where
        ``local``, ``aws``, or None: the local stack when it runs, else AWS.
    stack
        Name of the CloudFormation stack.
    config
        How patient its clients are.

    Raises
    ------
    NoStackError
        If neither is there.
    """
    import boto3  # takes a second, which `--help` need not wait for

    if where != AWS:
        found = _local(config)
        if found is not None:
            return found
        if where == LOCAL:
            raise NoStackError("the local stack does not run: start it with `aidetect local up`")
    try:
        # boto3 itself reads AWS_DEFAULT_REGION alone; every other AWS tool reads this one.
        session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
    except BotoCoreError as error:
        raise NoStackError(explain(error)) from error
    if session.region_name is None:
        raise NoStackError(NO_STACK)
    return connect(session, None, stack, f"AWS {session.region_name}", config)
