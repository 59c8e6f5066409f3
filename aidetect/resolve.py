"""Which stack a command speaks to: the local one when it runs, else the AWS account at hand."""

import boto3

from aidetect.target import NoStackError, Target, connect
from local.session import session as local_session
from local.stack import status as local_status

DEFAULT_STACK = "aidetect"
LOCAL = "local"


def resolve(where: str | None = None, stack: str = DEFAULT_STACK) -> Target:
    """Find the stack to speak to.

    Parameters
    ----------
    where
        ``local``, ``aws``, or None: the local stack when it runs, else AWS.
    stack
        Name of the CloudFormation stack.

    Raises
    ------
    NoStackError
        If neither is there.
    """
    found = local_status()
    if where == LOCAL or (where is None and found.running):
        if not found.running or found.endpoint is None:
            raise NoStackError("the local stack does not run: start it with `aidetect local up`")
        label = f"local stack at {found.endpoint}"
        return connect(local_session(found.region), found.endpoint, found.stack, label)
    session = boto3.Session()
    if session.region_name is None:
        raise NoStackError(
            "no stack here: run `aidetect local up`, or set AWS_PROFILE and AWS_REGION to the "
            "account where it is deployed"
        )
    return connect(session, None, stack, f"AWS {session.region_name}")
