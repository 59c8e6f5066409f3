"""The account and region that are looked at, and the stack there, if there is one."""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from aidetect.doctor.defaults import DEFAULTS
from aidetect.explanation import code_of
from aidetect.outputs import StackOutputs
from aidetect.resolve import AWS, LOCAL, local_address
from aidetect.target import DEFAULT_STACK, HASTY, NoStackError, Target, connect

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

# CloudFormation answers so where a stack of that name is not there.
ABSENT = "ValidationError"


@dataclass(frozen=True)
class Place:
    """Where to look. Nothing is asked before it is needed, so nothing need be there.

    Attributes
    ----------
    stack : str
        Name of the CloudFormation stack.
    endpoint, region : str, optional
        Of the local stack; None for AWS, which has its own and the environment's.
    """

    stack: str = DEFAULT_STACK
    endpoint: str | None = None
    region: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether this is the local stack."""
        return self.endpoint is not None

    @property
    def label(self) -> str:
        """What it is called."""
        if self.is_local:
            return f"local stack at {self.endpoint}"
        try:
            region = self.session.region_name
        except BotoCoreError:  # the check of credentials tells of it
            region = None
        return f"AWS {region}" if region else "AWS"

    @cached_property
    def session(self) -> "boto3.Session":
        """The credentials and the region at hand.

        Raises
        ------
        botocore.exceptions.BotoCoreError
            If the profile is not there.
        """
        if self.region is not None:
            from local.session import session

            return session(self.region)
        import boto3

        return boto3.Session(region_name=os.environ.get("AWS_REGION") or None)

    def client(self, service: str) -> Any:
        """Return a client that does not try for long."""
        session: Any = self.session
        return session.client(service, endpoint_url=self.endpoint, config=HASTY)

    @cached_property
    def described(self) -> "StackTypeDef | None":
        """The stack as CloudFormation describes it; None where there is none.

        Raises
        ------
        botocore.exceptions.ClientError
            If it may not be asked.
        """
        try:
            found: StackTypeDef = self.client("cloudformation").describe_stacks(
                StackName=self.stack
            )["Stacks"][0]
        except ClientError as error:
            if code_of(error) == ABSENT:
                return None
            raise
        return found

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The stack's parameters, over the template's defaults of what is asked for here."""
        stack = self.described
        given = stack.get("Parameters", []) if stack else []
        values = {p.get("ParameterKey", ""): p.get("ParameterValue", "") for p in given}
        return {**DEFAULTS, **values}

    @cached_property
    def outputs(self) -> StackOutputs:
        """The stack's outputs.

        Raises
        ------
        aidetect.outputs.OutputsError
            If it is another product's.
        """
        stack = self.described
        return StackOutputs.of(stack.get("Outputs", []) if stack else [])

    @cached_property
    def target(self) -> Target:
        """The stack as the other commands see it."""
        return connect(self.session, self.endpoint, self.stack, self.label, HASTY)


def place(where: str | None, stack: str) -> Place:
    """Find where to look: the local stack when it runs, else AWS.

    Raises
    ------
    NoStackError
        If the local stack is asked for and does not run.
    """
    found = local_address() if where != AWS else None
    if found is not None:
        return Place(found.stack, found.endpoint, found.region)
    if where == LOCAL:
        raise NoStackError("the local stack does not run: start it with `aidetect local up`")
    return Place(stack)
