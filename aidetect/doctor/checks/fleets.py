"""The fleets and the job queues in front of them."""

from typing import Any

from aidetect.costs.fleets import DISABLED
from aidetect.doctor.check import Check, Result, failed, ok, warning
from aidetect.doctor.place import Place

# While they are made or changed, which ends by itself.
PASSING = frozenset({"CREATING", "UPDATING"})


def look(place: Place) -> Result:
    """Tell what is not valid, what is switched off, and what is being changed."""
    outputs, batch = place.outputs, place.client("batch")
    fleets = [arn for arn in (outputs.GpuFleetArn, outputs.CpuFleetArn) if arn]
    queues = [arn for arn in (outputs.JobQueueArn, outputs.CpuJobQueueArn) if arn]
    found: list[Any] = []
    if fleets:
        found += batch.describe_compute_environments(computeEnvironments=fleets)[
            "computeEnvironments"
        ]
    found += batch.describe_job_queues(jobQueues=queues)["jobQueues"]
    if len(found) < len(fleets) + len(queues):
        return failed(
            f"{len(fleets) + len(queues) - len(found)} fleets or job queues of the stack are gone",
            "deploy the stack again",
        )
    broken = [one for one in found if one["status"] not in PASSING | {"VALID"}]
    if broken:
        return failed(
            "; ".join(f"{_name(one)} is {one['status']}: {_why(one)}" for one in broken),
            "put right what it says (roles, subnets, instance types), and deploy again",
        )
    off = [_name(one) for one in found if one["state"] == DISABLED]
    if off:
        return warning(
            f"switched off: {', '.join(off)}; batches that need machines wait",
            "aidetect costs resume",
        )
    passing = [_name(one) for one in found if one["status"] in PASSING]
    if passing:
        return warning(f"being changed: {', '.join(passing)}", "wait, and look again")
    return ok(f"{len(fleets)} fleets and {len(queues)} job queues are valid and enabled")


def _name(one: Any) -> str:
    return str(one.get("computeEnvironmentName") or one["jobQueueName"])


def _why(one: Any) -> str:
    return str(one.get("statusReason") or "no reason given")


CHECK = Check(
    "fleets",
    "Are the compute environments and job queues valid and enabled?",
    look,
    needs=("batch:DescribeComputeEnvironments", "batch:DescribeJobQueues"),
    after=("stack",),
)
