"""The stack, and the state that its last deployment left it in.

States: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

from aidetect.doctor.check import Check, Result, failed, ok, warning
from aidetect.doctor.place import Place

WELL = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
ROLLED_BACK = "UPDATE_ROLLBACK_COMPLETE"
# A first deployment that failed: such a stack can only be deleted.
NEVER_THERE = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"})
STUCK = "UPDATE_ROLLBACK_FAILED"


def look(place: Place) -> Result:
    """Tell its state."""
    stack = place.described
    if stack is None:
        return failed(
            f"no stack {place.stack!r} here",
            "deploy it (docs/deploy.md), name another with --stack, or set AWS_REGION",
        )
    status = str(stack["StackStatus"])
    reason = stack.get("StackStatusReason", "")
    shown = f"{status} ({reason})" if reason else status
    if status in NEVER_THERE:
        return failed(shown, f"read its events, then `sam delete --stack-name {place.stack}`")
    if status == STUCK:
        return failed(
            shown,
            f"aws cloudformation continue-update-rollback --stack-name {place.stack}",
        )
    if status.endswith("_IN_PROGRESS"):
        return warning(shown, "wait until it has ended, and look again")
    if status == ROLLED_BACK:
        return warning(
            f"{shown}: the last update was undone", "read the stack's events for why, deploy again"
        )
    if status not in WELL:
        return failed(shown, "read the stack's events for why")
    outputs = place.outputs  # raises where it is another product's
    guard = "on" if stack.get("EnableTerminationProtection") else "off"
    return ok(f"{shown}, results in {outputs.ResultsBucket}, termination protection {guard}")


CHECK = Check(
    "stack",
    "Is the stack there, and did its last deployment end well?",
    look,
    needs=("cloudformation:DescribeStacks",),
    after=("region",),
)
