"""From an API call to the IAM actions and resources that it needs.

Source: the Service Authorization Reference, for the services that the template's roles use.
https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from .iam_s3 import s3_needs

ANY = "*"


@dataclass(frozen=True)
class Need:
    """One permission a call needs, with the condition keys it carries (lower case)."""

    action: str
    resource: str
    context: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """An API call: botocore's service and operation names, its parameters, where it was made."""

    service: str
    operation: str
    parameters: Mapping[str, Any]
    account: str
    region: str

    def arn(self, service: str, resource: str) -> str:
        """Build an ARN in this call's account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def text(self, *names: str) -> str:
        """Give the first of the named parameters that is set."""
        return next((str(v) for n in names if (v := self.parameters.get(n))), "")


def _full(call: Call, service: str, kind: str, value: str, separator: str = "/") -> str:
    if not value:
        return ANY
    return value if value.startswith("arn:") else call.arn(service, f"{kind}{separator}{value}")


def _sqs(call: Call) -> list[Need]:
    operation = call.operation.removesuffix("Batch")
    name = call.text("QueueUrl", "QueueName").rstrip("/").split("/")[-1]
    return [Need(f"sqs:{operation}", call.arn("sqs", name) if name else ANY)]


def _sns(call: Call) -> list[Need]:
    operation = "Publish" if call.operation == "PublishBatch" else call.operation
    return [Need(f"sns:{operation}", call.text("TopicArn", "TargetArn", "SubscriptionArn") or ANY)]


def _lambda(call: Call) -> list[Need]:
    operation = "InvokeFunction" if call.operation in ("Invoke", "InvokeAsync") else call.operation
    name = call.text("FunctionName")
    if name and not name.startswith("arn:"):
        name = name.split(":function:")[-1]
    arn = _full(call, "lambda", "function", name, ":")
    qualifier = call.text("Qualifier")
    return [Need(f"lambda:{operation}", f"{arn}:{qualifier}" if qualifier else arn)]


def _batch(call: Call) -> list[Need]:
    action = f"batch:{call.operation}"
    if call.operation == "SubmitJob":
        return [
            Need(action, _full(call, "batch", "job-queue", call.text("jobQueue"))),
            Need(action, _full(call, "batch", "job-definition", call.text("jobDefinition"))),
        ]
    if call.operation in ("TerminateJob", "CancelJob"):
        return [Need(action, _full(call, "batch", "job", call.text("jobId")))]
    if call.operation == "UpdateComputeEnvironment":
        name = call.text("computeEnvironment")
        return [Need(action, _full(call, "batch", "compute-environment", name))]
    return [Need(action, ANY)]


def _states(call: Call) -> list[Need]:
    resource = call.text("stateMachineArn", "executionArn", "activityArn", "mapRunArn")
    return [Need(f"states:{call.operation}", resource or ANY)]


def _ssm(call: Call) -> list[Need]:
    names = call.parameters.get("Names") or [call.text("Name", "Path")]
    return [
        Need(f"ssm:{call.operation}", _full(call, "ssm", "parameter", str(n).lstrip("/")))
        for n in names
    ]


def _events(call: Call) -> list[Need]:
    if call.operation == "PutEvents":
        buses = {e.get("EventBusName") or "default" for e in call.parameters.get("Entries") or []}
        arns = sorted(_full(call, "events", "event-bus", b) for b in buses)
        return [Need("events:PutEvents", arn) for arn in arns]
    rule = call.text("Name", "Rule")
    return [Need(f"events:{call.operation}", _full(call, "events", "rule", rule))]


def _logs(call: Call) -> list[Need]:
    group = call.text("logGroupName")
    if not group:
        return [Need(f"logs:{call.operation}", ANY)]
    stream = call.text("logStreamName")
    # A log group's ARN ends in ":*" in policies; with the trailing colon this matches that too.
    tail = f"log-stream:{stream}" if stream else ""
    return [Need(f"logs:{call.operation}", call.arn("logs", f"log-group:{group}:{tail}"))]


def _cloudwatch(call: Call) -> list[Need]:
    namespace = call.text("Namespace")
    context = {"cloudwatch:namespace": [namespace]} if namespace else {}
    return [Need(f"cloudwatch:{call.operation}", ANY, context)]


def _dynamodb(call: Call) -> list[Need]:
    return [
        Need(f"dynamodb:{call.operation}", _full(call, "dynamodb", "table", call.text("TableName")))
    ]


def _sagemaker(call: Call) -> list[Need]:
    name = call.text("TrainingJobName")
    job = call.arn("sagemaker", f"training-job/{name}") if name else ANY
    tags = call.parameters.get("Tags") or []
    context = {f"aws:requesttag/{str(t['Key']).lower()}": [str(t["Value"])] for t in tags}
    found = [Need(f"sagemaker:{call.operation}", job, context)]
    if call.operation.startswith("Create") and tags:
        found.append(Need("sagemaker:AddTags", job, context))
    return found


def _secretsmanager(call: Call) -> list[Need]:
    name = call.text("SecretId", "Name")
    if name and not name.startswith("arn:"):
        # An ARN ends in six random letters, which policies match so.
        name = call.arn("secretsmanager", f"secret:{name}-??????")
    return [Need(f"secretsmanager:{call.operation}", name or ANY)]


def _s3(call: Call) -> list[Need]:
    source = unquote(str(call.parameters.get("CopySource") or "")).lstrip("/").split("?")[0]
    pairs = s3_needs(call.operation, call.parameters, source)
    context: dict[str, list[str]] = {}
    if call.operation.startswith("ListObject"):
        context["s3:prefix"] = [call.text("Prefix")]
    return [Need(action, resource, context) for action, resource in pairs]


_SERVICES: dict[str, Callable[[Call], list[Need]]] = {
    "batch": _batch,
    "cloudwatch": _cloudwatch,
    "dynamodb": _dynamodb,
    "events": _events,
    "lambda": _lambda,
    "logs": _logs,
    "s3": _s3,
    "sagemaker": _sagemaker,
    "secretsmanager": _secretsmanager,
    "sns": _sns,
    "sqs": _sqs,
    "ssm": _ssm,
    "stepfunctions": _states,
}


def needs(call: Call) -> list[Need]:
    """Give every permission that a call needs; all of them must be granted.

    A service without a rule here needs its action on ``*``. ``sts`` needs none: whether a role may
    be assumed is the trust policy's business.
    """
    if call.service == "sts":
        return []
    rule = _SERVICES.get(call.service)
    return rule(call) if rule else [Need(f"{call.service}:{call.operation}", ANY)]
