"""``aidetect image``: the jobs' container images, built in the account."""

import enum
import time
from typing import Annotated

import typer

from aidetect.console import emit, err, goes_on, guarded, out
from aidetect.examples import examples
from aidetect.job_image.build import build as build_there
from aidetect.job_image.sources import pack
from aidetect.options import DEFAULT_STACK, Json, Stack, Where
from aidetect.resolve import resolve
from local.image.build import revision
from local.image.target import TARGETS
from local.paths import CHECKOUT

app = typer.Typer(
    help="The jobs' container images, built in the account: no container tool is needed.",
    no_args_is_help=True,
)


class Image(enum.StrEnum):
    """The Dockerfile's targets."""

    SCORER = "scorer"
    TRAINER = "trainer"
    SAGEMAKER = "sagemaker"


@app.command(
    epilog=examples(
        ("aidetect image build --on aws", "the image of the scoring job"),
        ("aidetect image build --on aws --target trainer", "that of training on AWS Batch"),
    )
)
@guarded()
def build(
    target: Annotated[Image, typer.Option(help="Which image.")] = Image.SCORER,
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Build an image of the jobs with AWS CodeBuild, and push it to the stack's repository.

    Uploads the sources of this checkout and starts the stack's project; the scorer takes some ten
    minutes and about ten cents. The next job takes the new image. Where there is a container tool,
    `make image-push` does the same from here.
    """
    began = time.monotonic()
    found = resolve(where, stack)
    with goes_on("the build goes on in the account"), err.status("") as spinner:

        def show(phase: str) -> None:
            spinner.update(phase.lower().replace("_", " "))
            err.print(f"[dim]{time.monotonic() - began:6.1f} s[/]  ", end="")
            err.print(phase.lower().replace("_", " "), markup=False)

        image = build_there(found, TARGETS[target.value], pack(CHECKOUT), revision(), show)
    if as_json:
        emit({"image": image, "seconds": round(time.monotonic() - began, 1)})
    else:
        out.print(f"Built and pushed {image}", markup=False, soft_wrap=True)
