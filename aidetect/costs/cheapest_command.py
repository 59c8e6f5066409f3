"""``aidetect costs cheapest``: where a batch is cheapest now."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from aidetect.console import emit, fail, guarded, out
from aidetect.costs import table
from aidetect.costs.job_options import EncoderName, Images, Size
from aidetect.costs.spot import fits, offers
from aidetect.examples import examples
from aidetect.options import Json
from detector.costs.estimate import Arrival, Job
from detector.costs.machines import machines_of
from detector.costs.spot import spot_prices
from detector.costs.throughput import MEGAPIXEL_BYTES, encoder_of

# template.yaml: SpotInstanceTypes, JobVcpus, JobMemoryMiB.
DEFAULT_TYPES = "g4dn.xlarge,g4dn.2xlarge,g5.xlarge,g5.2xlarge,g6.xlarge,g6.2xlarge"
JOB_VCPUS, JOB_MEMORY_MIB = 4, 14336
CHEAPEST_EXAMPLES = examples(
    ("aidetect costs cheapest --images 1000000", "by the spot prices of now"),
    ("aidetect costs cheapest --instances g6,g5 --json", "for a program"),
)


@guarded()
def cheapest(
    images: Images = 1_000_000,
    size: Size = MEGAPIXEL_BYTES,
    encoder: EncoderName = "ViT-B/16",
    instances: Annotated[
        str, typer.Option("--instances", help="Types or families, by comma.")
    ] = DEFAULT_TYPES,
    as_json: Json = False,
) -> None:
    """Find where a batch is cheapest by the spot prices of now, in the region at hand.

    Asks AWS (`ec2:DescribeSpotPriceHistory`), not the local stack. Machines that a job does not fit
    are left out. The fleet itself chooses by price and capacity among SpotInstanceTypes.
    """
    try:
        machines = [
            machine
            for machine in machines_of(instances.split(","))
            if fits(machine, JOB_VCPUS, JOB_MEMORY_MIB)
        ]
        job = Job(images, size, encoder_of(encoder), machines[0], arrival=Arrival.PREFIX)
    except ValueError as error:
        fail(str(error))
    prices = spot_prices(_ec2(), [machine.name for machine in machines], datetime.now(UTC))
    found = offers(job, machines, prices)
    if as_json:
        emit(
            [
                {
                    "instance": offer.machine.name,
                    "zone": offer.zone,
                    "hour_dollars": offer.hour,
                    "dollars": offer.dollars,
                    "seconds": round(offer.seconds, 1),
                }
                for offer in found
            ]
        )
    else:
        out.print(table.offers_table(found))


def _ec2() -> Any:
    import boto3

    return boto3.client("ec2")
