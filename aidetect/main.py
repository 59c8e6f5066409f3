"""``aidetect``: tell real photographs from AI-generated images."""

from typing import Annotated

import typer

from aidetect import (
    costs_command,
    dataset_command,
    detector_command,
    doctor_command,
    feedback_command,
    golden_command,
    image_command,
    local_command,
    promotion_command,
    redrive_command,
    report_command,
    score_command,
    shadow_command,
    status_command,
    train_command,
    verdict_command,
    verify_command,
)
from aidetect.exit_code import ExitCode
from aidetect.panels import DATA, OPERATE, REVIEW, SCORE, TRAIN
from aidetect.program import Program
from aidetect.version import version

HELP = (
    "Tell real photographs from AI-generated images, in your own AWS account or on this machine."
    "\n\nEvery command speaks to the local stack when it runs, else to the AWS account at hand; "
    "`--on` chooses. Whatever prints results prints JSON with `--json`."
)
EPILOG = "\n\n".join(
    [
        "**Start with**",
        "- `aidetect local up` starts the whole system on this machine",
        "- `aidetect score photo.jpg` gives a verdict; a folder, an archive or s3:// likewise",
        "- `aidetect status` shows what runs, what waits and what failed",
        "**Exit codes**",
        *(f"- `{code.value}` {code.meaning}" for code in ExitCode),
    ]
)

app = Program(
    name="aidetect",
    help=HELP,
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"aidetect {version()}")
        raise typer.Exit


@app.callback()
def aidetect(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and leave.", callback=_tell_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Take the options that stand before the command."""


app.command(rich_help_panel=SCORE, epilog=score_command.EXAMPLES)(score_command.score)
app.command(rich_help_panel=SCORE, epilog=verdict_command.EXAMPLES)(verdict_command.verdict)
app.command(rich_help_panel=REVIEW, epilog=report_command.EXAMPLES)(report_command.report)
app.add_typer(feedback_command.app, name="feedback", rich_help_panel=REVIEW)
app.command(rich_help_panel=TRAIN, epilog=train_command.EXAMPLES)(train_command.train)
app.command(rich_help_panel=TRAIN, epilog=promotion_command.PROMOTE_EXAMPLES)(
    promotion_command.promote
)
app.command(rich_help_panel=TRAIN, epilog=promotion_command.ROLLBACK_EXAMPLES)(
    promotion_command.rollback
)
app.add_typer(detector_command.app, name="detector", rich_help_panel=TRAIN)
app.add_typer(dataset_command.app, name="dataset", rich_help_panel=DATA)
app.command(rich_help_panel=OPERATE, epilog=status_command.EXAMPLES)(status_command.status)
app.command(rich_help_panel=OPERATE, epilog=verify_command.EXAMPLES)(verify_command.verify)
app.command(rich_help_panel=OPERATE, epilog=doctor_command.EXAMPLES)(doctor_command.doctor)
app.command(rich_help_panel=OPERATE, epilog=redrive_command.EXAMPLES)(redrive_command.redrive)
app.add_typer(costs_command.app, name="costs", rich_help_panel=OPERATE)
app.add_typer(golden_command.app, name="golden", rich_help_panel=OPERATE)
app.add_typer(shadow_command.app, name="shadow", rich_help_panel=OPERATE)
app.add_typer(image_command.app, name="image", rich_help_panel=OPERATE)
app.add_typer(local_command.app, name="local", rich_help_panel=OPERATE)
