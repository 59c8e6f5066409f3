"""The dead-letter queue."""

from aidetect.doctor.check import Check, Result, failed, ok
from aidetect.doctor.place import Place
from aidetect.status.waiting import dead


def look(place: Place) -> Result:
    """Count the upload events that were given up."""
    count = dead(place.target)
    if count:
        return failed(f"{count:,} upload events were given up", "aidetect redrive")
    return ok("no upload event was given up")


CHECK = Check(
    "dead letters",
    "Is the dead-letter queue empty?",
    look,
    needs=("sqs:GetQueueAttributes", "cloudformation:DescribeStacks"),
    after=("stack",),
)
