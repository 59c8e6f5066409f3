"""One console for people, plain JSON for programs, and one way to report an error."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, NoReturn, ParamSpec, TypeVar

import typer
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from aidetect.errors import AidetectError, InterruptedWork
from aidetect.exit_code import ExitCode
from aidetect.explanation import explain
from aidetect.printable import printable_lines

P = ParamSpec("P")
R = TypeVar("R")

# Names may hold :codes: of emoji, and are shown as they are.
out = Console(highlight=False, emoji=False)
err = Console(stderr=True, highlight=False, emoji=False)

# The house's own errors are sentences a person can act on; so is what AWS and the disk refuse.
_OURS = frozenset({"aidetect", "batch_inference", "detector", "functions", "local", "training"})
_FORESEEN = (ClientError, BotoCoreError, Boto3Error, OSError)


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


def fail(message: str, code: int = ExitCode.FAILED) -> NoReturn:
    """Print an error a person can act on, and leave."""
    err.print("[bold red]error[/] ", end="")
    err.print(printable_lines(message), markup=False, soft_wrap=True)
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


def foreseen(error: BaseException) -> bool:
    """Whether an error's own text tells a person what to do, so that no traceback is needed."""
    return isinstance(error, _FORESEEN) or any(
        kind.__module__.partition(".")[0] in _OURS for kind in type(error).__mro__
    )


def interrupted(stop: KeyboardInterrupt) -> NoReturn:
    """Say what goes on after Ctrl-C, and leave."""
    told = str(stop) if isinstance(stop, InterruptedWork) else "nothing goes on in the background"
    err.print(f"\ninterrupted: {told}", markup=False, soft_wrap=True)
    raise typer.Exit(ExitCode.INTERRUPTED)


@contextmanager
def goes_on(what: str) -> Iterator[None]:
    """Say on Ctrl-C what goes on without us."""
    try:
        yield
    except KeyboardInterrupt as stop:
        raise InterruptedWork(what) from stop


def guarded(*errors: type[Exception]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Turn foreseeable errors into one line on stderr and an exit code; no traceback.

    Foreseeable are the house's own, AWS's, those of files, and the ones named here.
    """

    def decorate(command: Callable[P, R]) -> Callable[P, R]:
        @wraps(command)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return command(*args, **kwargs)
            except KeyboardInterrupt as stop:
                interrupted(stop)
            except BrokenPipeError:  # the reader of a pipe has seen enough; typer knows
                raise
            except Exception as error:
                if not isinstance(error, errors) and not foreseen(error):
                    raise
                code = error.exit_code if isinstance(error, AidetectError) else ExitCode.FAILED
                fail(explain(error), code)

        return run

    return decorate
