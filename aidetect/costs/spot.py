"""Where a batch is cheapest by the spot prices of now."""

from collections.abc import Iterable
from typing import NamedTuple

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
