"""Options that say what is to be scored."""

from typing import Annotated

import typer

from aidetect.console import fail
from detector.costs.estimate import Arrival, Job
from detector.costs.machines import machines_of
from detector.costs.throughput import encoder_of

Images = Annotated[int, typer.Option("--images", min=1, help="How many images.")]
Size = Annotated[
    int, typer.Option("--size", min=1, help="Bytes of an image's JPEG file, on average.")
]
EncoderName = Annotated[
    str, typer.Option("--encoder", help="ViT-B/32, ViT-B/16 or ViT-L/14, or its hub name.")
]
How = Annotated[
    Arrival,
    typer.Option(
        "--arrival",
        help="`prefix`: they lie in S3; `dropped` one by one; `archives` of 1,000 each.",
    ),
]


def job_of(images: int, size: int, encoder: str, instance: str, arrival: Arrival) -> Job:
    """Return what is to be reckoned, or leave with an error that says what is wrong."""
    try:
        (machine, *others) = machines_of([instance])
        if others:
            fail(f"{instance} is a family; name one of its types, such as {machine.name}")
        return Job(images, size, encoder_of(encoder), machine, arrival=arrival)
    except ValueError as error:
        fail(str(error))
