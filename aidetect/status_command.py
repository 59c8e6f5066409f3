"""``aidetect status``: what runs, what waits, what failed, and what to do next."""

import json
import sys
import time
from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.live import Live

from aidetect.console import emit, goes_on, guarded, out
from aidetect.examples import examples
from aidetect.options import DEFAULT_STACK, Json, Stack, Where
from aidetect.resolve import resolve
from aidetect.status.document import Status
from aidetect.status.look import look
from aidetect.status.view import status_view
from aidetect.target import HASTY

EXAMPLES = examples(
    ("aidetect status", "one look"),
    ("aidetect status --watch", "again and again, until Ctrl-C"),
    ("aidetect status --json --on aws", "for a program; docs/client.md has the permissions"),
)


def _document(status: Status) -> dict[str, Any]:
    return {
        **status.model_dump(mode="json"),
        "error_share": status.error_share,
        "advice": status.advice(),
    }


@guarded()
def status(
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again and again, until Ctrl-C.")
    ] = False,
    every: Annotated[
        float, typer.Option("--every", min=1, help="With `--watch`: seconds between two looks.")
    ] = 5.0,
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Show what runs, what waits, what failed lately, and the command to run next.

    Running batches and training runs with their progress; upload events that wait, and those given
    up; jobs; failures of the last seven days; the detector in use; what the last batches came to;
    alarms that have gone off. A part that this identity may not look at is named, and the rest is
    shown. With `--watch --json`, one document a line.
    """
    target = resolve(where, stack, HASTY)
    if not watch:
        found = look(target)
        if as_json:
            emit(_document(found))
        else:
            out.print(status_view(found))
        return
    with goes_on("only the watching ended; what runs goes on"):
        if as_json:
            _repeat(lambda: _line(look(target)), every)
        else:
            with Live(console=out, auto_refresh=False) as live:
                _repeat(lambda: live.update(status_view(look(target)), refresh=True), every)


def _line(found: Status) -> None:
    sys.stdout.write(json.dumps(_document(found)) + "\n")
    sys.stdout.flush()


def _repeat(step: Callable[[], None], every: float) -> None:
    while True:
        step()
        time.sleep(every)
