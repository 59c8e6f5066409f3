"""``aidetect local``: the whole system on this machine."""

import time
from typing import Annotated

import typer
from rich.table import Table

from aidetect.console import emit, err, fail, goes_on, guarded, out
from aidetect.examples import examples
from aidetect.options import Json
from local import stack
from local.options import DEFAULT_PORT, UpOptions

app = typer.Typer(
    help="Run the whole system on this machine, without an AWS account.", no_args_is_help=True
)


@app.command(
    epilog=examples(
        ("aidetect local up", "starts it, or brings a running one up to date"),
        ("aidetect local up --port 4600", "where the usual port is taken"),
        ("aidetect local up -p ExpressMaxImages=100", "sets a parameter of template.yaml"),
    )
)
@guarded()
def up(
    port: Annotated[
        int,
        typer.Option(
            min=1, max=65535, envvar="AIDETECT_PORT", help="Loopback port of the local AWS."
        ),
    ] = (DEFAULT_PORT),
    slots: Annotated[int, typer.Option(min=1, help="Batch jobs that run at a time.")] = 2,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", help="A template parameter, Name=Value; repeatable."),
    ] = None,
    detector: Annotated[
        bool,
        typer.Option(help="Publish the embedded detector where none is in use yet."),
    ] = True,
    as_json: Json = False,
) -> None:
    """Start the local stack, or bring a running one up to date.

    Starts an embedded AWS on loopback, builds and deploys template.yaml with the real sam, and
    publishes the embedded detector. What was scored before is there again. The first time it also
    installs the tools, which takes a few minutes.
    """
    began = time.monotonic()
    options = UpOptions(
        port=port, batch_slots=slots, parameters=_pairs(parameter or []), detector=detector
    )
    what = "`aidetect local up` goes on from here, `aidetect local down` ends what was started"
    with goes_on(what), err.status("") as spinner:

        def show(step: str) -> None:
            spinner.update(step)
            err.print(f"[dim]{time.monotonic() - began:6.1f} s[/]  ", end="")
            err.print(step, markup=False)

        outputs = stack.up(options, show)
    if as_json:
        emit({"endpoint": outputs.endpoint, "stack": outputs.stack, "outputs": outputs.values})
        return
    out.print(
        f"The local stack is up at {outputs.endpoint} [dim](in {time.monotonic() - began:.1f} s)[/]"
    )
    out.print(f"Drop images into s3://{outputs.values['IntakeBucket']}/intake/", soft_wrap=True)


@app.command(
    epilog=examples(
        ("aidetect local down", "stops it; images and results are kept"),
        ("aidetect local down --purge", "forgets those, too"),
    )
)
@guarded()
def down(
    purge: Annotated[
        bool, typer.Option("--purge", help="Also delete its images, results and logs.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Stop everything the local stack started. Images and results are kept for the next time."""
    ended = stack.down(purge=purge)
    if as_json:
        emit({"processes_ended": ended, "purged": purge})
    else:
        out.print(f"Stopped ({ended} processes ended)" if ended else "Nothing was running")


@app.command(
    epilog=examples(
        ("aidetect local status", "whether it runs, and where"),
        ("aidetect local status --json", "for a program"),
    )
)
@guarded()
def status(as_json: Json = False) -> None:
    """Tell whether the local stack runs, and where. Exit code 1 when it does not."""
    found = stack.status()
    if as_json:
        emit({name: getattr(found, name) for name in found.__dataclass_fields__})
    elif found.running:
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_row("endpoint", found.endpoint)
        table.add_row("stack", found.stack if found.deployed else f"{found.stack} (not deployed)")
        table.add_row("region", found.region)
        table.add_row("process", str(found.pid))
        table.add_row("state", str(found.home))
        out.print(table)
    else:
        out.print("The local stack does not run: start it with `aidetect local up`", markup=False)
    if not found.running:
        raise typer.Exit(1)


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not name:
            fail(f"{text!r} is not Name=Value, for example --parameter ExpressMaxImages=100", 2)
        pairs[name] = value
    return pairs
