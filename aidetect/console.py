"""One console for people, plain JSON for programs, and one way to report an error."""

import json
import sys
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, NoReturn, ParamSpec, TypeVar

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

P = ParamSpec("P")
R = TypeVar("R")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def counting_bar() -> Progress:
    """Return a bar of things done, on stderr, that is gone when it ends."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
    )


def fail(message: str, code: int = 1) -> NoReturn:
    """Print an error a person can act on, and leave."""
    err.print("[bold red]error[/] ", end="")
    err.print(message, markup=False)
    raise typer.Exit(code)


def emit(document: Any) -> None:
    """Print JSON, for ``--json``."""
    sys.stdout.write(json.dumps(document, indent=2, default=str) + "\n")


def emit_rows(head: dict[str, Any], rows: Iterable[dict[str, Any]]) -> None:
    """Print one JSON document, its ``rows`` as they come, so that millions need no memory."""
    sys.stdout.write(json.dumps(head)[:-1] + ', "rows": [')
    for number, row in enumerate(rows):
        sys.stdout.write(("," if number else "") + "\n" + json.dumps(row, default=str))
    sys.stdout.write("\n]}\n")


def guarded(*errors: type[Exception]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Turn the named errors, and AWS's, into one line on stderr and exit code 1."""

    caught: tuple[type[Exception], ...] = (*errors, ClientError, BotoCoreError)

    def decorate(command: Callable[P, R]) -> Callable[P, R]:
        @wraps(command)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return command(*args, **kwargs)
            except caught as error:
                fail(str(error))

        return run

    return decorate
