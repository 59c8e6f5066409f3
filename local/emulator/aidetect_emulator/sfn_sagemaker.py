"""Step Functions' ``arn:aws:states:::sagemaker:createTrainingJob.sync``, which LocalStack lacks.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
"""

import datetime as dt
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.api.stepfunctions import HistoryEventType, TaskFailedEventDetails
from localstack.services.stepfunctions.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from localstack.services.stepfunctions.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from localstack.services.stepfunctions.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from localstack.services.stepfunctions.asl.component.common.error_name.states_error_name_type import (  # noqa: E501
    StatesErrorNameType,
)
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task import (
    state_task_factory,
)
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.resource import (  # noqa: E501
    ResourceCondition,
)
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service_callback import (  # noqa: E501
    StateTaskServiceCallback,
)
from localstack.services.stepfunctions.asl.eval.event.event_detail import EventDetails
from localstack.services.stepfunctions.asl.utils.boto_client import boto_client_for
from localstack.services.stepfunctions.asl.utils.encoding import to_json_str

from .sagemaker_job import FINAL
from .sfn_stop import Wait

PARAMETERS = frozenset(
    {
        "AlgorithmSpecification",
        "CheckpointConfig",
        "EnableInterContainerTrafficEncryption",
        "EnableManagedSpotTraining",
        "EnableNetworkIsolation",
        "Environment",
        "HyperParameters",
        "InputDataConfig",
        "OutputDataConfig",
        "ResourceConfig",
        "RetryStrategy",
        "RoleArn",
        "StoppingCondition",
        "Tags",
        "TrainingJobName",
        "VpcConfig",
    }
)
# Step Functions marks what it started; so its role needs sagemaker:AddTags.
MARK = {"Key": "MANAGED_BY_AWS", "Value": "STARTED_BY_STEP_FUNCTIONS"}
# The errors that SageMaker's API names; every other has the name of the service.
NAMED = {
    "ResourceInUse": "ResourceInUseException",
    "ResourceLimitExceeded": "ResourceLimitExceededException",
    "ResourceNotFound": "ResourceNotFoundException",
}


def plain(value: Any) -> Any:
    """Give an answer as a state's output: dates become milliseconds, as in AWS's own examples."""
    if isinstance(value, dt.datetime):
        return int(value.timestamp() * 1000)
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


class StateTaskServiceSagemaker(StateTaskServiceCallback):  # type: ignore[misc]
    """A task that starts a training job, and with ``.sync`` waits for its end."""

    def __init__(self) -> None:
        # The token is LocalStack's own bookkeeping, without which its wait for a job fails; AWS
        # refuses .waitForTaskToken for SageMaker, and so does the check below.
        patterns = {ResourceCondition.Sync, ResourceCondition.WaitForTaskToken}
        super().__init__(supported_integration_patterns=patterns)

    def _get_supported_parameters(self) -> frozenset[str] | None:
        known = self.resource.api_action == "createTrainingJob"
        waits = self.resource.condition == ResourceCondition.WaitForTaskToken
        return PARAMETERS if known and not waits else None

    def _before_eval_execution(
        self, env: Any, resource_runtime_part: Any, raw_parameters: Any, state_credentials: Any
    ) -> None:
        if self.resource.condition == ResourceCondition.Sync:
            raw_parameters["Tags"] = [*raw_parameters.get("Tags", []), dict(MARK)]
        super()._before_eval_execution(
            env=env,
            resource_runtime_part=resource_runtime_part,
            raw_parameters=raw_parameters,
            state_credentials=state_credentials,
        )

    def _eval_service_task(
        self,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: Any,
        state_credentials: Any,
    ) -> None:
        sagemaker = boto_client_for("sagemaker", resource_runtime_part.region, state_credentials)
        answer = sagemaker.create_training_job(**normalised_parameters)
        answer.pop("ResponseMetadata", None)
        env.stack.append(answer)

    def _build_sync_resolver(
        self,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: Any,
        state_credentials: Any,
    ) -> Wait:
        sagemaker = boto_client_for("sagemaker", resource_runtime_part.region, state_credentials)
        env.stack.pop()
        name = normalised_parameters["TrainingJobName"]

        def look() -> Any | None:
            answer = sagemaker.describe_training_job(TrainingJobName=name)
            answer.pop("ResponseMetadata", None)
            if answer["TrainingJobStatus"] not in FINAL:
                return None
            found = plain(answer)
            if found["TrainingJobStatus"] == "Completed":
                return found
            failed = StatesErrorNameType.StatesTaskFailed
            raise FailureEventException(
                self._failed(env, StatesErrorName(typ=failed), failed.to_name(), to_json_str(found))
            )

        return Wait(look, lambda: sagemaker.stop_training_job(TrainingJobName=name))

    def _from_error(self, env: Any, ex: Exception) -> FailureEvent:
        if not isinstance(ex, ClientError):
            return super()._from_error(env=env, ex=ex)
        error, meta = ex.response["Error"], ex.response["ResponseMetadata"]
        name = f"SageMaker.{NAMED.get(error['Code'], 'AmazonSageMakerException')}"
        cause = (
            f"{error['Message']} (Service: AmazonSageMaker; Status Code: {meta['HTTPStatusCode']}; "
            f"Error Code: {error['Code']}; Request ID: {meta['RequestId']}; Proxy: null)"
        )
        return self._failed(env, CustomErrorName(name), name, cause)

    def _failed(self, env: Any, name: Any, error: str, cause: str) -> FailureEvent:
        details = TaskFailedEventDetails(
            error=error,
            cause=cause,
            resource=self._get_sfn_resource(),
            resourceType=self._get_sfn_resource_type(),
        )
        return FailureEvent(
            env=env,
            error_name=name,
            event_type=HistoryEventType.TaskFailed,
            event_details=EventDetails(taskFailedEventDetails=details),
        )


def install() -> None:
    """Let LocalStack know the service."""
    known = state_task_factory.state_task_service_for

    def state_task_service_for(service_name: str) -> Any:
        if service_name == "sagemaker":
            return StateTaskServiceSagemaker()
        return known(service_name)

    state_task_factory.state_task_service_for = state_task_service_for
