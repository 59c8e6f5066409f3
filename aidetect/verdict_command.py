"""``aidetect verdict``: everything known about one image."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from aidetect.console import emit, fail, guarded, out
from aidetect.options import DEFAULT_STACK, Json, Stack, Where
from aidetect.outputs import OutputsError
from aidetect.resolve import resolve
from aidetect.results import find
from aidetect.table import verdict_card
from aidetect.target import NoStackError


@guarded(NoStackError, OutputsError)
def verdict(
    key: Annotated[
        str,
        typer.Argument(help="s3://bucket/key, a key, a file name, or archive.tar#member."),
    ],
    days: Annotated[int, typer.Option(min=1, help="How many days to look back.")] = 30,
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Show the verdict of an image that was scored before, and all that is known about it.

    Looks through the result rows from today backwards and stops at the first day that has the
    image. For millions of rows use the saved query "latest verdict of each image" in Athena.
    """
    target = resolve(where, stack)
    rows = find(
        target.s3, target.outputs.ResultsBucket, key, today=datetime.now(UTC).date(), days=days
    )
    if not rows:
        fail(
            f"no row for {key!r} in the last {days} days on the {target.label}: it is not scored "
            "yet, or has another name (aidetect score prints the names)"
        )
    if as_json:
        emit(rows)
        return
    out.print(verdict_card(rows[0]))
    if len(rows) > 1:
        others = "once" if len(rows) == 2 else f"{len(rows) - 1} times"
        out.print(f"[dim]scored {others} before on the same day: --json prints every row[/]")
