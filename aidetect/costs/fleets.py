"""The fleets: whether they may start machines, and saying so."""

from typing import Any

from aidetect.errors import AidetectError
from aidetect.target import Target

ENABLED, DISABLED = "ENABLED", "DISABLED"


class NoFleetsError(AidetectError, RuntimeError):
    """The stack was deployed by a version that could not stop spending."""


def _arns(target: Target) -> list[str]:
    return [arn for arn in (target.outputs.GpuFleetArn, target.outputs.CpuFleetArn) if arn]


def stopped(target: Target) -> bool | None:
    """Tell whether spending is stopped: a fleet is disabled. None for a stack without fleets."""
    arns = _arns(target)
    if not arns:
        return None
    batch: Any = target.client("batch")
    found = batch.describe_compute_environments(computeEnvironments=arns)["computeEnvironments"]
    return any(environment["state"] == DISABLED for environment in found)


def turn(target: Target, state: str) -> None:
    """Have all fleets start machines (``ENABLED``) or none (``DISABLED``).

    Raises
    ------
    NoFleetsError
        If the stack does not name its fleets.
    botocore.exceptions.ClientError
        If one cannot be changed, such as while it is being updated.
    """
    arns = _arns(target)
    if not arns:
        raise NoFleetsError("this stack does not say which fleets it has: deploy it again")
    batch: Any = target.client("batch")
    for arn in arns:
        batch.update_compute_environment(computeEnvironment=arn, state=state)
