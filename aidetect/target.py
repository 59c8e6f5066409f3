"""A stack and the clients that reach it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from aidetect.errors import AidetectError
from aidetect.explanation import code_of, explain
from aidetect.outputs import StackOutputs

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_stepfunctions import SFNClient

DEFAULT_STACK = "aidetect"
# Uploads and polls share one client between threads, so the pool is as wide as they are.
CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, max_pool_connections=32)
# For a look that must not hang: status, completion.
HASTY = Config(
    retries={"mode": "standard", "max_attempts": 2},
    max_pool_connections=32,
    connect_timeout=3,
    read_timeout=10,
)
NO_STACK = (
    "no stack here: run `aidetect local up`, or set AWS_PROFILE and AWS_REGION to where it is "
    "deployed and use --on aws"
)


class NoStackError(AidetectError, RuntimeError):
    """There is no stack to speak to; the message says how to get one."""


@dataclass(frozen=True)
class Target:
    """A stack and the clients that reach it."""

    label: str
    outputs: StackOutputs
    s3: "S3Client"
    sfn: "SFNClient"
    ssm: "SSMClient"
    sqs: "SQSClient"
    is_local: bool = False
    stack: str = DEFAULT_STACK
    session: "boto3.Session | None" = None
    endpoint: str | None = None
    config: Config = CONFIG

    def client(self, service: str) -> Any:
        """Return a client of another service of the same account."""
        import boto3

        session: Any = self.session or boto3.Session()
        return session.client(service, endpoint_url=self.endpoint, config=self.config)


def connect(
    session: "boto3.Session",
    endpoint: str | None,
    stack: str,
    label: str,
    config: Config = CONFIG,
) -> Target:
    """Describe the stack and build its clients.

    Raises
    ------
    NoStackError
        If the stack or the credentials are not there.
    OutputsError
        If the stack is not this product.
    """
    try:
        cloudformation = session.client("cloudformation", endpoint_url=endpoint, config=config)
        stacks = cloudformation.describe_stacks(StackName=stack)["Stacks"]
        outputs = StackOutputs.of(stacks[0].get("Outputs", []))
        return Target(
            label=label,
            outputs=outputs,
            s3=session.client("s3", endpoint_url=endpoint, config=config),
            sfn=session.client("stepfunctions", endpoint_url=endpoint, config=config),
            ssm=session.client("ssm", endpoint_url=endpoint, config=config),
            sqs=session.client("sqs", endpoint_url=endpoint, config=config),
            is_local=endpoint is not None,
            stack=stack,
            session=session,
            endpoint=endpoint,
            config=config,
        )
    except (ClientError, BotoCoreError) as error:
        raise NoStackError(_why(error, stack, label, is_local=endpoint is not None)) from error


def _why(error: ClientError | BotoCoreError, stack: str, label: str, *, is_local: bool) -> str:
    if code_of(error) == "ValidationError" and is_local:
        return (
            f"the {label} has no stack {stack!r}: run `aidetect local up` again, which deploys it"
        )
    if code_of(error) == "ValidationError":
        return (
            f"no stack {stack!r} on {label}: it is in another region (set AWS_REGION), has another "
            "name (use --stack), or is not deployed yet (`sam build && sam deploy --guided`)"
        )
    if isinstance(error, NoCredentialsError):
        return NO_STACK
    return f"{label}: {explain(error)}"
