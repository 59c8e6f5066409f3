"""``aidetect score``: from a photograph, a folder or a prefix to a table of verdicts."""

import time
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import Progress as Bar

from aidetect.console import counting_bar, emit_rows, err, goes_on, guarded, out
from aidetect.digest import digest
from aidetect.examples import examples
from aidetect.exit_code import ExitCode
from aidetect.options import DEFAULT_STACK, Json, Stack, Where
from aidetect.printable import printable
from aidetect.resolve import resolve
from aidetect.scoring import Scored, Step, score_source
from aidetect.table import verdict_table
from aidetect.target import Target

EXAMPLES = examples(
    ("aidetect score photo.jpg", "one image"),
    ("aidetect score photos/ --limit 200", "a folder, and more rows of it"),
    ("aidetect score holiday.zip", "an archive; its members are scored"),
    ("aidetect score s3://bucket/2026/ --on aws", "what already lies in S3, where it lies"),
    ("aidetect score photos/ --json", "every row, for a program"),
)
GOES_ON = (
    "what was uploaded or started is scored all the same; see `aidetect status`, and "
    "`aidetect verdict KEY` for one image"
)


class _Shown:
    """Draws the steps as a bar each."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._task = bar.add_task("looking", total=None)

    def step(self, step: Step) -> None:
        """Take a step."""
        self._bar.update(
            self._task,
            description=escape(printable(step.what)),
            completed=step.done,
            total=step.total,
        )


@guarded()
def score(
    source: Annotated[
        str,
        typer.Argument(help="An image, an archive (.tar, .zip), a folder, or s3://bucket/prefix."),
    ],
    timeout: Annotated[
        float, typer.Option(min=1, help="Seconds to wait; the work goes on when they are over.")
    ] = 3600.0,
    limit: Annotated[int, typer.Option(min=1, help="How many rows to print.")] = 50,
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Score images: upload them where needed, wait, and print a verdict for each.

    A local path is dropped into the intake bucket, as any program would drop it; an S3 prefix is
    scored where it lies. Every file gets one row: a verdict (ai, real, unsure) or an error with
    its reason.

    Exit code 0: every image has its row. 1: something failed, and the message says what. 3: some
    images could not be scored (rows with reason not_scored). 4: `--timeout` is over.
    """
    target = resolve(where, stack)
    began = time.monotonic()
    with goes_on(GOES_ON), counting_bar() as bar:
        scored = score_source(target, source, timeout=timeout, show=_Shown(bar).step)
    if scored.skipped:
        err.print(f"[dim]{scored.skipped} hidden files are left out[/]")
    if as_json:
        head = {
            "complete": scored.complete,
            "batches": [found.batch for found in scored.summaries],
            "results": [found.results for found in scored.summaries],
        }
        emit_rows(head, scored.rows(target))
    else:
        _tell(target, scored, limit, time.monotonic() - began)
    if not scored.complete:
        raise typer.Exit(ExitCode.INCOMPLETE)


def _tell(target: Target, scored: Scored, limit: int, seconds: float) -> None:
    out.print(verdict_table(digest(scored.rows(target), limit), prefix=scored.prefix))
    out.print(f"[dim]in {seconds:.1f} s on the {target.label}[/]")
    for found in scored.summaries:
        out.print(f"Parquet: {found.results}", soft_wrap=True, markup=False)
        out.print(f"Report:  aidetect report {found.batch}", soft_wrap=True, markup=False)
