"""Options that several commands share."""

from typing import Annotated, Literal

import typer

from aidetect.resolve import DEFAULT_STACK

Where = Annotated[
    Literal["local", "aws"] | None,
    typer.Option(
        "--on",
        help="Speak to the local stack or to AWS. Default: the local stack when it runs.",
        show_default=False,
    ),
]
Stack = Annotated[
    str,
    typer.Option("--stack", help="Name of the CloudFormation stack on AWS."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

__all__ = ["DEFAULT_STACK", "Json", "Stack", "Where"]
