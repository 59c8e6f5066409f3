"""``aidetect verify``: whether a batch kept the promise."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from aidetect.batch_search import LATEST, find_batch
from aidetect.completion import complete_batch
from aidetect.console import counting_bar, emit, guarded, out
from aidetect.examples import examples
from aidetect.exit_code import ExitCode
from aidetect.options import DEFAULT_STACK, Json, Stack, Where
from aidetect.resolve import resolve
from aidetect.verification.document import Verification

EXAMPLES = examples(
    ("aidetect verify", "the latest batch"),
    ("aidetect verify 3f2a --json --on aws", "the batch that begins so, for a program"),
)


@guarded(ValueError)
def verify(
    batch: Annotated[
        str,
        typer.Argument(
            help="A batch's id, the beginning of one, or `latest`.", autocompletion=complete_batch
        ),
    ] = LATEST,
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Check that every image of a batch has exactly one row, by the detector that its plan pins.

    Reads the manifest, the plan, every result object and the summary, and holds them against each
    other. Ends with exit code 1 where a promise was broken, and names what breaks it.
    """
    from aidetect.verification.verify import verify as hold  # pyarrow takes a second

    target = resolve(where, stack)
    found = find_batch(target, batch)
    with counting_bar() as bar:
        task = bar.add_task("verifying", total=None)
        verification = hold(
            target, found, lambda done, total: bar.update(task, completed=done, total=total)
        )
    if as_json:
        emit({**verification.model_dump(mode="json"), "kept": verification.kept})
    else:
        _show(verification)
    if not verification.kept:
        raise typer.Exit(ExitCode.FAILED)


def _show(found: Verification) -> None:
    verdicts = ", ".join(f"{number:,} {name}" for name, number in found.verdicts.items())
    out.print(
        f"Batch {found.batch} by {found.detector}: {found.objects:,} objects, {found.rows:,} rows "
        f"({verdicts or 'none'}) in {found.chunks:,} chunks",
        markup=False,
    )
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for check in found.checks:
        table.add_row("[green]✓[/]" if check.kept else "[red]✗[/]", check.promise)
        if not check.kept:
            table.add_row("", f"[red]broken {check.broken:,} times[/]")
            for name in check.named:
                table.add_row("", escape(ascii(name)))
    out.print(table)
