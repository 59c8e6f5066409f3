"""AWS Batch's resource types."""

import contextlib
from typing import Any

from localstack.services.cloudformation.resource_provider import ResourceRequest

from .cfn_provider import Model, default_name, lower_keys, resource_type

_INTEGERS = ("minvCpus", "maxvCpus", "desiredvCpus", "bidPercentage")
SERVICE_ROLE = "AWSServiceRoleForBatch"


def _service_role(request: ResourceRequest) -> str:
    """Give the service-linked role, which AWS makes when the first environment is made."""
    iam = request.aws_client_factory.iam
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(
            RoleName=SERVICE_ROLE,
            Path="/aws-service-role/batch.amazonaws.com/",
            AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}',
        )
    return str(iam.get_role(RoleName=SERVICE_ROLE)["Role"]["Arn"])


def _compute_environment(request: ResourceRequest, model: Model) -> None:
    resources: dict[str, Any] = lower_keys(model.get("ComputeResources", {}))
    for key in _INTEGERS:
        if key in resources:
            resources[key] = int(resources[key])
    # What the API takes only on update.
    resources.pop("updateToLatestImageVersion", None)
    model.setdefault("ComputeEnvironmentName", default_name(request))
    answer = request.aws_client_factory.batch.create_compute_environment(
        computeEnvironmentName=model["ComputeEnvironmentName"],
        type=model["Type"].upper(),
        state=model.get("State", "ENABLED"),
        # An unmanaged environment has none.
        **({"computeResources": resources} if resources else {}),
        serviceRole=model.get("ServiceRole") or _service_role(request),
    )
    model["ComputeEnvironmentArn"] = answer["computeEnvironmentArn"]


def _job_queue(request: ResourceRequest, model: Model) -> None:
    model.setdefault("JobQueueName", default_name(request))
    answer = request.aws_client_factory.batch.create_job_queue(
        jobQueueName=model["JobQueueName"],
        state=model.get("State", "ENABLED"),
        priority=int(model["Priority"]),
        computeEnvironmentOrder=[
            {"order": int(o["Order"]), "computeEnvironment": o["ComputeEnvironment"]}
            for o in model["ComputeEnvironmentOrder"]
        ],
    )
    model["JobQueueArn"] = answer["jobQueueArn"]


def _job_definition(request: ResourceRequest, model: Model) -> None:
    model.setdefault("JobDefinitionName", default_name(request))
    wanted: dict[str, Any] = {
        "jobDefinitionName": model["JobDefinitionName"],
        "type": model["Type"],
        "parameters": model.get("Parameters", {}),
        "containerProperties": _container(model["ContainerProperties"]),
    }
    if model.get("RetryStrategy"):
        strategy = lower_keys(model["RetryStrategy"])
        strategy["attempts"] = int(strategy.get("attempts", 1))
        for rule in strategy.get("evaluateOnExit", []):
            rule.update({k: str(v) for k, v in rule.items()})
        wanted["retryStrategy"] = strategy
    if model.get("Timeout"):
        seconds = int(model["Timeout"]["AttemptDurationSeconds"])
        wanted["timeout"] = {"attemptDurationSeconds": seconds}
    if model.get("PlatformCapabilities"):
        wanted["platformCapabilities"] = model["PlatformCapabilities"]
    answer = request.aws_client_factory.batch.register_job_definition(**wanted)
    model["JobDefinitionArn"] = answer["jobDefinitionArn"]


def _container(properties: dict[str, Any]) -> dict[str, Any]:
    container: dict[str, Any] = lower_keys(properties)
    for name in ("vcpus", "memory"):
        if name in container:
            container[name] = int(container[name])
    for entry in container.get("environment", []):
        entry["value"] = str(entry["value"])
    for entry in container.get("resourceRequirements", []):
        entry["value"] = str(entry["value"])
    for name in ("privileged", "readonlyRootFilesystem"):
        if name in container:
            container[name] = str(container[name]).lower() == "true"
    _linux(container.get("linuxParameters", {}))
    for point in container.get("mountPoints", []):
        point["readOnly"] = str(point.get("readOnly", False)).lower() == "true"
    for limit in container.get("ulimits", []):
        limit.update(hardLimit=int(limit["hardLimit"]), softLimit=int(limit["softLimit"]))
    return container


def _linux(parameters: dict[str, Any]) -> None:
    for name in ("sharedMemorySize", "maxSwap", "swappiness"):
        if name in parameters:
            parameters[name] = int(parameters[name])
    if "initProcessEnabled" in parameters:
        enabled = str(parameters["initProcessEnabled"]).lower() == "true"
        parameters["initProcessEnabled"] = enabled
    for mount in parameters.get("tmpfs", []):
        mount["size"] = int(mount["size"])


ComputeEnvironment = resource_type(
    "AWS::Batch::ComputeEnvironment",
    _compute_environment,
    "ComputeEnvironmentArn",
    ["ComputeEnvironmentArn"],
)
JobQueue = resource_type("AWS::Batch::JobQueue", _job_queue, "JobQueueArn", ["JobQueueArn"])
JobDefinition = resource_type(
    "AWS::Batch::JobDefinition", _job_definition, "JobDefinitionArn", ["JobDefinitionArn"]
)
