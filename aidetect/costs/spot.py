"""Spot prices of now, and where a batch is cheapest by them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from aidetect.errors import AidetectError
from detector.costs.estimate import Job, on_gpus
from detector.costs.machines import Machine


class NoSpotPriceError(AidetectError, RuntimeError):
    """The region offers none of the machines on spot."""


class Offer(NamedTuple):
    """A machine in the zone where it costs least, and what the job would come to there."""

    machine: Machine
    zone: str
    hour: float
    dollars: float
    seconds: float


def spot_prices(ec2: Any, names: Iterable[str], now: datetime) -> dict[str, dict[str, float]]:
    """Return dollars an hour by machine and zone, as of now.

    Asked from now on, the history answers with the price in force of each machine and zone.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html
    """
    pages = ec2.get_paginator("describe_spot_price_history").paginate(
        InstanceTypes=list(names),
        ProductDescriptions=["Linux/UNIX"],
        StartTime=now,
    )
    newest: dict[tuple[str, str], tuple[datetime, float]] = {}
    for page in pages:
        for point in page["SpotPriceHistory"]:
            where = (point["InstanceType"], point["AvailabilityZone"])
            at = point.get("Timestamp") or datetime.min.replace(tzinfo=UTC)
            if where not in newest or at > newest[where][0]:
                newest[where] = (at, float(point["SpotPrice"]))
    found: dict[str, dict[str, float]] = {}
    for (name, zone), (_, dollars) in newest.items():
        found.setdefault(name, {})[zone] = dollars
    return found


def fits(machine: Machine, vcpus: int, memory_mib: int) -> bool:
    """Tell whether a job fits a machine; an ECS host keeps some memory, a sixteenth, to itself."""
    return machine.vcpus >= vcpus and machine.memory * 1024 * 15 / 16 >= memory_mib


def offers(
    job: Job, machines: Iterable[Machine], prices: dict[str, dict[str, float]]
) -> list[Offer]:
    """Return what the job would come to on each machine that is offered, the cheapest first.

    Raises
    ------
    NoSpotPriceError
        If none is offered.
    """
    found = []
    for machine in machines:
        zones = prices.get(machine.name)
        if not zones:
            continue
        zone = min(zones, key=lambda name: (zones[name], name))
        priced = machine._replace(spot=zones[zone])
        reckoned = on_gpus(job._replace(machine=priced, spot=True))
        found.append(Offer(priced, zone, zones[zone], reckoned.dollars, reckoned.seconds))
    if not found:
        raise NoSpotPriceError(
            "none of these machines is offered on spot in this region: choose others with "
            "--instances, or another region with AWS_REGION"
        )
    return sorted(found, key=lambda offer: offer.dollars)
