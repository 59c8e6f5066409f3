"""Options that several commands share."""

from typing import Annotated, Literal

import typer

from aidetect.target import DEFAULT_STACK

Where = Annotated[
    Literal["local", "aws"] | None,
    typer.Option(
        "--on",
        help="Speak to the `local` stack or to `aws`. Default: the local stack when it runs.",
        show_default=False,
        rich_help_panel="Which stack",
    ),
]
Stack = Annotated[
    str,
    typer.Option(
        "--stack",
        envvar="AIDETECT_STACK",
        help="Name of the CloudFormation stack on AWS.",
        rich_help_panel="Which stack",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

__all__ = ["DEFAULT_STACK", "Json", "Stack", "Where"]
