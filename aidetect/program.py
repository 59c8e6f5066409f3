"""The program as a whole: no traceback reaches a person, and the shell gets its exit code."""

import errno
import os
import sys
import traceback
from typing import Any

import typer
from typer.main import get_command

from aidetect.console import err, foreseen
from aidetect.crash import write_report
from aidetect.exit_code import ExitCode
from aidetect.explanation import explain
from aidetect.printable import printable_lines

# Set to anything, shows the traceback of an unforeseen failure at once.
DEBUG = "AIDETECT_DEBUG"


class Program(typer.Typer):
    """A typer application whose failures people can act on."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command line and leave with its exit code."""
        try:
            return get_command(self)(*args, **kwargs)
        except KeyboardInterrupt:
            sys.exit(ExitCode.INTERRUPTED)
        except Exception as error:  # noqa: BLE001 - the last one there is to catch it
            sys.exit(_failed(error))


def _failed(error: Exception) -> ExitCode:
    if isinstance(error, OSError) and error.errno == errno.EPIPE:
        # The reader of a pipe, such as `head`, has seen enough. Nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    err.print("[bold red]error[/] ", end="")
    if foreseen(error):
        err.print(printable_lines(explain(error)), markup=False, soft_wrap=True)
        return ExitCode.FAILED
    if os.environ.get(DEBUG):
        err.print("".join(traceback.format_exception(error)), markup=False, soft_wrap=True)
    kind = type(error).__name__
    said = printable_lines(f"a defect of this program: {kind}: {error}\n{_where(error)}")
    err.print(said, markup=False, soft_wrap=True)
    return ExitCode.DEFECT


def _where(error: Exception) -> str:
    try:
        path = write_report(error, sys.argv[1:])
    except OSError:
        return f"Run it again with {DEBUG}=1 and report what it prints as an issue of the project."
    return (
        f"Please report it as an issue of the project, with the file {path}. Read that first: it "
        "names your paths and buckets."
    )
