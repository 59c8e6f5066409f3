"""What AWS's errors mean for a person: what happened, and what to do."""

import re

from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError

# "User: arn:… is not authorized to perform: sqs:GetQueueAttributes on resource: …"
_PERFORM = re.compile(r"perform:?\s+([A-Za-z0-9-]+:[A-Za-z0-9*]+)")
MAX_SAID = 400

_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}
    | {"AuthorizationErrorException", "AccessDeniedFault", "403", "Forbidden"}
)
_EXPIRED = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
    | {"UnauthorizedException"}
)
_UNKNOWN_IDENTITY = frozenset(
    {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"}
    | {"SignatureDoesNotMatch", "IncompleteSignature", "InvalidSignatureException"}
)
_CLOCK = frozenset({"RequestTimeTooSkewed", "RequestInTheFuture"})
_REGION = frozenset(
    {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
    | {"301"}
)
_BUSY = frozenset(
    {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"}
    | {"SlowDown", "503", "ServiceUnavailable"}
)
_GONE = frozenset(
    {"NoSuchBucket", "StateMachineDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"}
    | {"QueueDoesNotExist"}
)
# S3 answers a HEAD without a body, so it names no action: what these operations need instead.
_ACTIONS = {"HeadObject": "s3:GetObject", "HeadBucket": "s3:ListBucket"}
_S3_ACTIONS = {
    "ListObjectsV2": "s3:ListBucket",
    "GetObject": "s3:GetObject",
    "PutObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
}

RENEW = "run `aws sso login`, or renew them the way you got them, and try again"


def code_of(error: BaseException) -> str:
    """Return AWS's code of an error, or the empty text."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return ""


def is_denied(error: BaseException) -> bool:
    """Whether AWS refused for want of a permission."""
    return code_of(error) in _DENIED


def denied_action(error: ClientError) -> str:
    """Return the IAM action that was refused, as ``service:Action`` where AWS tells."""
    found = _PERFORM.search(str(error))
    if found:
        return found[1]
    name = str(error.operation_name)
    return _ACTIONS.get(name) or _S3_ACTIONS.get(name) or name


def _said(error: BaseException) -> str:
    """Return what AWS said, on one line of bounded length."""
    if isinstance(error, ClientError):
        text = str(error.response.get("Error", {}).get("Message", "")) or str(error)
    else:
        text = str(error)
    line = " ".join(text.split())
    return line if len(line) <= MAX_SAID else f"{line[: MAX_SAID - 1]}…"


def _of_client(error: ClientError) -> str:
    code, said = code_of(error), _said(error)
    if code in _DENIED:
        return (
            f"access denied: this identity may not {denied_action(error)}. Ask who runs the "
            f"account for that permission, or choose another AWS_PROFILE (AWS: {said})"
        )
    if code in _EXPIRED or "expired" in said.lower():
        return f"the AWS credentials have expired: {RENEW}"
    if code in _UNKNOWN_IDENTITY:
        return (
            "AWS does not accept these credentials: check AWS_PROFILE, AWS_ACCESS_KEY_ID and "
            f"AWS_REGION; `aws sts get-caller-identity` tells who you are (AWS: {said})"
        )
    if code in _CLOCK:
        return "this machine's clock is wrong by minutes, so AWS refuses what it signs: set it"
    if code in _REGION:
        return f"the bucket lies in another region: set AWS_REGION to the stack's (AWS: {said})"
    if code in _BUSY:
        return f"AWS is busy ({code}): nothing was lost; try again in a minute"
    if code in _GONE:
        return (
            f"a part of the stack is gone ({said}): deploy it again, or name the right stack with "
            "--stack"
        )
    if code == "ExecutionDoesNotExist":
        return "there is no such run or batch on this stack; `aidetect status` names the latest"
    return f"AWS refused {error.operation_name}: {code or 'unknown'}: {said}"


_NETWORK = (
    boto.EndpointConnectionError,
    boto.ConnectionClosedError,
    boto.ConnectTimeoutError,
    boto.ReadTimeoutError,
    boto.ProxyConnectionError,
    boto.HTTPClientError,
)


def _of_library(error: BotoCoreError) -> str:
    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError):
        return (
            "no AWS credentials: set AWS_PROFILE (see `aws configure`), or run "
            "`aidetect local up` and use --on local"
        )
    if isinstance(
        error, boto.UnauthorizedSSOTokenError | boto.SSOTokenLoadError | boto.TokenRetrievalError
    ):
        return f"the AWS credentials have expired: {RENEW}"
    if isinstance(error, boto.ProfileNotFound):
        return f"{_said(error)}: check AWS_PROFILE against `aws configure list-profiles`"
    if isinstance(error, boto.NoRegionError):
        return "no AWS region: set AWS_REGION to the region the stack is deployed in"
    if isinstance(error, boto.SSLError):
        return (
            "the connection to AWS is not trusted: a proxy or a wrong certificate store is in the "
            f"way; see AWS_CA_BUNDLE ({_said(error)})"
        )
    if isinstance(error, _NETWORK):
        return (
            "AWS cannot be reached: check the network, the proxy (HTTPS_PROXY) and AWS_REGION "
            f"({_said(error)})"
        )
    return _said(error)


def explain(error: BaseException) -> str:
    """Return what an error means for a person and what to do; its own text where it says so."""
    if isinstance(error, ClientError):
        return _of_client(error)
    if isinstance(error, BotoCoreError):
        return _of_library(error)
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__
