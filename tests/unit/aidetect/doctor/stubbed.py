"""A place whose AWS answers what a test says, held by botocore to the services' own models."""

from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.stub import Stubber

from aidetect.doctor.place import Place
from aidetect.outputs import StackOutputs

REGION = "us-east-1"
ACCOUNT = "123456789012"
GPU = f"arn:aws:batch:{REGION}:{ACCOUNT}:compute-environment/aidetect-GpuFleet"
CPU = f"arn:aws:batch:{REGION}:{ACCOUNT}:compute-environment/aidetect-CpuFleet"
QUEUES = [f"arn:aws:batch:{REGION}:{ACCOUNT}:job-queue/{name}" for name in ("gpu", "cpu")]
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
OUTPUTS = dict.fromkeys(StackOutputs.model_fields, "x") | {
    "ModelsBucket": "models",
    "ResultsBucket": "results",
    "ChampionParameter": "/aidetect/champion",
    "GpuFleetArn": GPU,
    "CpuFleetArn": CPU,
    "JobQueueArn": QUEUES[0],
    "CpuJobQueueArn": QUEUES[1],
    "AlarmTopicArn": TOPIC,
    "ArrivalsDlqUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/dlq",
}


@dataclass
class StubbedSession:
    """Gives clients that answer from a list, and never call anybody."""

    region_name: str | None = REGION
    clients: dict[str, Any] = field(default_factory=dict)
    stubbers: dict[str, Stubber] = field(default_factory=dict)

    def client(self, service: str, **_options: Any) -> Any:
        if service not in self.clients:
            client: Any = boto3.client(
                service,  # type: ignore[call-overload]
                region_name=REGION,
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
            self.clients[service] = client
            self.stubbers[service] = Stubber(client)
            self.stubbers[service].activate()
        return self.clients[service]


class Stubbed:
    """A place, and what AWS is to answer there, in order for each service."""

    def __init__(self, region: str | None = REGION, endpoint: str | None = None) -> None:
        self.session = StubbedSession(region)
        self.place = Place("aidetect", endpoint, REGION if endpoint else None)
        self.place.__dict__["session"] = self.session

    def answer(
        self, service: str, method: str, response: dict[str, Any], **asked: Any
    ) -> "Stubbed":
        """Answer a call so; ``asked`` is what it must have been called with, where given."""
        self.session.client(service)
        self.session.stubbers[service].add_response(method, response, asked or None)
        return self

    def refuse(self, service: str, method: str, code: str, message: str = "no") -> "Stubbed":
        """Answer a call with an error."""
        self.session.client(service)
        self.session.stubbers[service].add_client_error(method, code, message)
        return self

    def stack(self, status: str = "UPDATE_COMPLETE", **changes: Any) -> "Stubbed":
        """Have the stack there."""
        return self.answer("cloudformation", "describe_stacks", described(status, **changes))


def described(
    status: str = "UPDATE_COMPLETE",
    parameters: dict[str, str] | None = None,
    outputs: dict[str, str] = OUTPUTS,
    **more: Any,
) -> dict[str, Any]:
    """Return a stack as CloudFormation describes it."""
    stack = {
        "StackName": "aidetect",
        "CreationTime": "2026-11-27T00:00:00Z",
        "StackStatus": status,
        "Parameters": [
            {"ParameterKey": k, "ParameterValue": v} for k, v in (parameters or {}).items()
        ],
        "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in outputs.items()],
        **more,
    }
    return {"Stacks": [stack]}
