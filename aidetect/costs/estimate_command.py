"""``aidetect costs estimate``: what a batch will cost."""

from typing import Annotated

import typer
from rich.text import Text

from aidetect.console import emit, guarded, out
from aidetect.costs import table
from aidetect.costs.job_options import EncoderName, How, Images, Size, job_of
from aidetect.examples import examples
from aidetect.options import Json
from detector.costs.estimate import Arrival, Estimate, Job, break_even, on_gpus, on_lambda
from detector.costs.machines import ASSUMED
from detector.costs.prices import AS_OF, REGION
from detector.costs.services import SERVICES
from detector.costs.throughput import MEGAPIXEL_BYTES

# template.yaml
EXPRESS_MAX_IMAGES = 32
ESTIMATE_EXAMPLES = examples(
    ("aidetect costs estimate --images 1000000", "a million images that lie in S3"),
    ("aidetect costs estimate --images 1000000 --arrival dropped", "dropped one by one"),
    ("aidetect costs estimate --images 5000 --encoder ViT-L/14 --json", "for a program"),
)


def _estimated(job: Job) -> Estimate:
    return on_lambda(job) if job.images <= EXPRESS_MAX_IMAGES else on_gpus(job)


@guarded()
def estimate(
    images: Images,
    size: Size = MEGAPIXEL_BYTES,
    encoder: EncoderName = "ViT-B/16",
    instance: Annotated[str, typer.Option("--instance", help="Machine of the jobs.")] = ASSUMED,
    arrival: How = Arrival.PREFIX,
    on_demand: Annotated[
        bool, typer.Option("--on-demand", help="By list prices of machines, not spot's.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Reckon what a batch will cost, thing by thing, before it is dropped.

    By list prices and rates that stand in the documentation (docs/costs.md) with their sources;
    needs no stack and asks nobody. `costs cheapest` goes by the spot prices of now.
    """
    job = job_of(images, size, encoder, instance, arrival)._replace(spot=not on_demand)
    found = _estimated(job)
    others = {way.value: _estimated(job._replace(arrival=way)).dollars for way in Arrival}
    even = break_even(job)
    if as_json:
        emit(
            {
                "images": images,
                "dollars": found.dollars,
                "per_thousand": found.per_thousand(images),
                "items": [item.model_dump() for item in found.items],
                "machines": found.machines,
                "seconds": round(found.seconds, 1),
                "bound_by": found.rate.bound_by,
                "by_arrival": others,
                "break_even_images": even,
                "services": [service._asdict() for service in SERVICES],
                "prices_as_of": AS_OF,
            }
        )
        return
    out.print(table.bill_table(found.items))
    out.print(_told(job, found, others, even))


def _told(job: Job, found: Estimate, others: dict[str, float], even: int) -> Text:
    lane = f"{found.machines} x {job.machine.name}" if found.machines else "Lambda"
    each = found.per_thousand(job.images)
    lines = [
        "",
        f"{table.dollars(found.dollars)} for {job.images:,} images, {table.dollars(each)} per "
        f"1,000; on {lane} in some {found.seconds / 60:.0f} min, bound by {found.rate.bound_by}.",
        "As they come: " + ", ".join(f"{w} {table.dollars(d)}" for w, d in others.items()) + ".",
        *(
            f"{service.name}: ${service.low * job.images / 1000:,.2f} to "
            f"${service.high * job.images / 1000:,.2f} ({service.source})"
            for service in SERVICES
        ),
        f"Up to {even - 1:,} images Lambda costs less than starting a machine, and up to some "
        "hundreds it answers sooner: ExpressMaxImages.",
        f"Prices of {REGION} as of {AS_OF}, without taxes and free tiers; ~ is an estimate.",
    ]
    return Text("\n".join(lines))
