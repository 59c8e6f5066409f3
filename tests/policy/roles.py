"""What may be granted at all, and that what is granted is used."""

from collections.abc import Iterator

from tests.policy.grants import Document, Grant, grants, listed, statements
from tests.policy.observed import load
from tests.policy.service_side import service_side

# Actions that have no resource to name, with the page that lists them so.
_REFERENCE = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_"
WITHOUT_RESOURCE = {
    "batch:DescribeJobs": f"{_REFERENCE}awsbatch.html",
    "cloudwatch:PutMetricData": f"{_REFERENCE}amazoncloudwatch.html",
    "ec2:DescribeSpotPriceHistory": f"{_REFERENCE}amazonec2.html",
    "ecr:GetAuthorizationToken": f"{_REFERENCE}amazonelasticcontainerregistry.html",
    "logs:CreateLogDelivery": f"{_REFERENCE}amazoncloudwatchlogs.html",
    "logs:DeleteLogDelivery": f"{_REFERENCE}amazoncloudwatchlogs.html",
    # Takes a resource, but Step Functions asks for all:
    "logs:DescribeLogGroups": "https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html",
    "logs:DescribeResourcePolicies": f"{_REFERENCE}amazoncloudwatchlogs.html",
    "logs:GetLogDelivery": f"{_REFERENCE}amazoncloudwatchlogs.html",
    "logs:ListLogDeliveries": f"{_REFERENCE}amazoncloudwatchlogs.html",
    "logs:PutResourcePolicy": f"{_REFERENCE}amazoncloudwatchlogs.html",
    "logs:UpdateLogDelivery": f"{_REFERENCE}amazoncloudwatchlogs.html",
    "xray:GetSamplingRules": f"{_REFERENCE}awsx-ray.html",
    "xray:GetSamplingTargets": f"{_REFERENCE}awsx-ray.html",
    "xray:PutTelemetryRecords": f"{_REFERENCE}awsx-ray.html",
    "xray:PutTraceSegments": f"{_REFERENCE}awsx-ray.html",
}
# Where a condition stands in for a resource, or narrows one that is wide.
CONDITIONS = {
    "cloudwatch:PutMetricData": "cloudwatch:namespace",
    "kms:Decrypt": "kms:ViaService",
    "kms:GenerateDataKey": "kms:ViaService",
    "iam:PassRole": "iam:PassedToService",
    "sagemaker:AddTags": "aws:RequestTag/Project",
    "sagemaker:CreateTrainingJob": "aws:RequestTag/Project",
    "sagemaker:DescribeTrainingJob": "aws:ResourceTag/Project",
    "sagemaker:ListTags": "aws:ResourceTag/Project",
    "sagemaker:StopTrainingJob": "aws:ResourceTag/Project",
}


def problems(document: Document, needed: set[Grant] | None = None) -> Iterator[str]:
    """Yield what is wrong with the roles' policies, one sentence each.

    Parameters
    ----------
    document : dict
        The template.
    needed : set of Grant, optional
        What the roles need, where it is known already: it takes long to find.
    """
    yield from _wildcards(document)
    wanted = load() | service_side(document) if needed is None else needed
    yield from _uses(set(grants(document)), wanted)


def _uses(granted: set[Grant], needed: set[Grant]) -> Iterator[str]:
    for grant in sorted(granted - needed):
        yield f"not used: {grant}"
    for grant in sorted(needed - granted):
        yield f"needed and not granted: {grant}"


def _wildcards(document: Document) -> Iterator[str]:
    for role, statement in statements(document):
        if statement["Effect"] != "Allow" or {"NotAction", "NotResource"} & set(statement):
            yield f"{role} is written by what it excludes: {statement.get('Sid')}"
            continue
        for action in listed(statement["Action"]):
            if "*" in action or "?" in action:
                yield f"{role} may do {action}"
            if "*" in listed(statement["Resource"]) and action not in WITHOUT_RESOURCE:
                yield f"{role} may do {action} on everything"
            keys = {k for test in statement.get("Condition", {}).values() for k in test}
            if (key := CONDITIONS.get(action)) and key not in keys:
                yield f"{role} may do {action} without a condition on {key}"
