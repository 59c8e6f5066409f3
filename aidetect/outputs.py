"""What a deployed stack tells about itself."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from aidetect.errors import AidetectError
from detector.execution_arn import execution_arn

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import OutputTypeDef


class OutputsError(AidetectError, RuntimeError):
    """The stack exists but is not, or not yet, this product."""


class StackOutputs(BaseModel):
    """Outputs of ``template.yaml``, by their names there."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    IntakeBucket: str
    ResultsBucket: str
    ModelsBucket: str
    TrainingBucket: str
    ArrivalsQueueUrl: str
    ArrivalsDlqUrl: str
    ScoringStateMachineArn: str
    TrainingStateMachineArn: str
    JobQueueArn: str
    # Absent in stacks that were deployed before training came.
    CpuJobQueueArn: str = ""
    # Absent in stacks that were deployed before spending could be stopped.
    GpuFleetArn: str = ""
    CpuFleetArn: str = ""
    SpendingTopicArn: str = ""
    # Absent in stacks that were deployed before images could be built in the account.
    ImageBuildProject: str = ""
    ChampionParameter: str
    CompletedTopicArn: str
    # Absent in stacks that were deployed before it was asked for.
    AlarmTopicArn: str = ""
    GlueDatabase: str
    AthenaWorkgroup: str

    @classmethod
    def of(cls, outputs: Iterable["OutputTypeDef"]) -> Self:
        """Read the outputs of a CloudFormation description.

        Raises
        ------
        OutputsError
            If an output is missing.
        """
        values = {o.get("OutputKey", ""): o.get("OutputValue", "") for o in outputs}
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            missing = ", ".join(str(e["loc"][0]) for e in error.errors())
            raise OutputsError(
                f"the stack has no output {missing}: it is still being created, or is not this "
                "product; deploy the current template.yaml"
            ) from error

    def execution_arn(self, batch: str) -> str:
        """Return the ARN of the scoring execution of a batch."""
        return execution_arn(self.ScoringStateMachineArn, batch)

    def training_execution_arn(self, run: str) -> str:
        """Return the ARN of the execution that began a training run."""
        return execution_arn(self.TrainingStateMachineArn, run)
