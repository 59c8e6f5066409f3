"""The request handler that holds every call of a role to the role's policies."""

import json
import logging
from typing import Any
from urllib.parse import unquote

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.handlers import serve_custom_service_request_handlers
from localstack.services.s3.models import s3_stores
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from . import settings
from .iam_call import Call, Need, needs
from .iam_log import IamLog, Record
from .iam_policy import is_allowed
from .iam_s3 import bucket_arn

LOG = logging.getLogger(__name__)
# Keys of roles and users begin so; a test's own do not.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
ROLE_KEYS = ("ASIA", "LSIA", "AKIA", "LKIA")


class IamGuard:
    """Denies what a role's policies do not allow, and records the rest.

    Only calls with a role's credentials are checked. LocalStack's services call on behalf of a role
    with the role's credentials, so a state machine's or an event source mapping's are among them.
    """

    def __init__(self, log: IamLog) -> None:
        self._log = log
        self._roles: dict[str, str] = {}

    def __call__(self, _chain: Any, context: RequestContext, _response: Any) -> None:
        role_arn = self._role(context)
        if role_arn is None or context.operation is None or context.service is None:
            return
        call = Call(
            service=context.service.service_name,
            operation=context.operation.name,
            parameters=dict(context.service_request or {}),
            account=context.account_id,
            region=context.region,
        )
        role = role_arn.rsplit("/", 1)[-1]
        documents = policies(role_arn)
        via = _principal(context)
        for need in needs(call):
            allowed = is_allowed(documents, need.action, need.resource, need.context)
            self._log.write(Record(role, need.action, _named(need), via, allowed))
            if not allowed:
                raise _denial(call.service, role_arn, need)
        if call.service == "s3" and call.operation in ("GetObject", "HeadObject"):
            self._tell_of_missing(call, role_arn, via)

    def _tell_of_missing(self, call: Call, role_arn: str, via: str) -> None:
        """Answer 403 for a missing key to a role that may not list the bucket, as S3 does."""
        if not _is_missing(call):
            return
        bucket, key = str(call.parameters["Bucket"]), str(call.parameters["Key"])
        need = Need("s3:ListBucket", bucket_arn(bucket), {"s3:prefix": [key]})
        allowed = is_allowed(policies(role_arn), need.action, need.resource, need.context)
        role = role_arn.rsplit("/", 1)[-1]
        self._log.write(Record(role, need.action, need.resource, via, allowed))
        if not allowed:
            raise _denial("s3", role_arn, need)

    def _role(self, context: RequestContext) -> str | None:
        key = access_key(context)
        if not key or not key.startswith(ROLE_KEYS):
            return None
        if key not in self._roles:
            for account in list(sts_backends.values()):
                for backend in list(account.values()):
                    for assumed in list(backend.assumed_roles):
                        self._roles[assumed.access_key_id] = assumed.role_arn
        return self._roles.get(key)


def access_key(context: RequestContext) -> str:
    """Give the access key of a call that is signed by header or by query."""
    header: str = context.request.headers.get("Authorization", "")
    if "Credential=" in header:
        return header.split("Credential=", 1)[1].split("/", 1)[0]
    credential: str = context.request.args.get("X-Amz-Credential", "")
    return unquote(credential).split("/", 1)[0]


def policies(role_arn: str) -> list[dict[str, Any]]:
    """Give the policy documents of a role: inline, attached and AWS-managed."""
    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    role = next(r for r in list(iam_backends[account]["aws"].roles.values()) if r.name == name)
    inline = list(role.policies.values())
    managed = [_managed(policy) for policy in role.managed_policies.values()]
    return [json.loads(unquote(d)) if isinstance(d, str) else d for d in [*inline, *managed]]


def _managed(policy: Any) -> Any:
    return next(v.document for v in policy.versions if v.version_id == policy.default_version_id)


def _principal(context: RequestContext) -> str:
    parameters = context.internal_request_params or {}
    return str(parameters.get("service_principal") or "")


def _denial(service: str, role_arn: str, need: Need) -> CommonServiceException:
    LOG.warning("denied %s: %s on %s", role_arn, need.action, need.resource)
    return CommonServiceException(
        "AccessDenied" if service == "s3" else "AccessDeniedException",
        f"User: {role_arn} is not authorized to perform: {need.action} on resource: "
        f"{need.resource} because no identity-based policy allows the {need.action} action",
        status_code=403,
        sender_fault=True,
    )


def _named(need: Need) -> str:
    """Name what a record tells of: of metrics, which have no resources, the namespace."""
    namespace = need.context.get("cloudwatch:namespace")
    return f"namespace {namespace[0]}" if namespace else need.resource


def _is_missing(call: Call) -> bool:
    """Say whether an object call names a key that its bucket does not hold."""
    bucket, key = str(call.parameters["Bucket"]), str(call.parameters["Key"])
    found = [account[call.region].buckets.get(bucket) for account in list(s3_stores.values())]
    return any(b is not None and b.objects.get(key) is None for b in found)


def install() -> None:
    """Put the guard before every service."""
    here = settings.current()
    guard = IamGuard(IamLog(here.audit, here.denied))
    serve_custom_service_request_handlers.append(guard)
