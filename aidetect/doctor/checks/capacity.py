"""Whether the region has the GPU machines that the fleet asks for."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from aidetect.doctor.check import Check, Result, failed, ok, warning
from aidetect.doctor.place import Place

ELSEWHERE = "deploy in a region that has them: us-east-1, us-west-2, eu-west-1"


def patterns(types: str) -> list[str]:
    """Return a parameter's instance types as EC2's filter takes them; families have no dot."""
    named = [name.strip() for name in types.split(",") if name.strip()]
    return [name if "." in name else f"{name}.*" for name in named]


def missing(wanted: Iterable[str], offered: Iterable[str]) -> list[str]:
    """Return the patterns that nothing on offer matches."""
    names = list(offered)
    return [one for one in wanted if not any(fnmatchcase(name, one) for name in names)]


def look(place: Place) -> Result:
    """Ask in which zones each type is offered.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypeOfferings.html
    """
    wanted = patterns(place.parameters["SpotInstanceTypes"])
    pages = place.client("ec2").get_paginator("describe_instance_type_offerings")
    offered = [
        (offer["InstanceType"], offer["Location"])
        for page in pages.paginate(
            LocationType="availability-zone",
            Filters=[{"Name": "instance-type", "Values": wanted}],
        )
        for offer in page["InstanceTypeOfferings"]
    ]
    absent = missing(wanted, (name for name, _ in offered))
    zones = sorted({zone for _, zone in offered})
    if not offered:
        return failed(f"none of {', '.join(wanted)} is offered here", ELSEWHERE)
    if absent:
        return warning(
            f"not offered here: {', '.join(absent)}",
            "leave them out of the parameter SpotInstanceTypes, so that Batch need not refuse them",
        )
    return ok(f"all {len(wanted)} GPU types are offered, in {', '.join(zones)}")


CHECK = Check(
    "GPU machines",
    "Does the region offer the instance types of `SpotInstanceTypes`?",
    look,
    needs=("ec2:DescribeInstanceTypeOfferings", "cloudformation:DescribeStacks"),
    after=("region",),
    no_local="jobs are processes of this machine",
)
