"""``aidetect``: tell real photographs from AI-generated images."""

import typer

from aidetect import (
    dataset_command,
    detector_command,
    local_command,
    promotion_command,
    redrive_command,
)
from aidetect.score_command import score
from aidetect.train_command import train
from aidetect.verdict_command import verdict

app = typer.Typer(
    name="aidetect",
    help=(
        "Tell real photographs from AI-generated images, in your own AWS account or on this "
        "machine.\n\nStart with: aidetect local up; aidetect score PHOTO.JPG"
    ),
    no_args_is_help=True,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_show_locals=False,
)
app.add_typer(local_command.app, name="local")
app.add_typer(detector_command.app, name="detector")
app.add_typer(dataset_command.app, name="dataset")
app.command()(score)
app.command()(verdict)
app.command()(redrive_command.redrive)
app.command()(train)
app.command()(promotion_command.promote)
app.command()(promotion_command.rollback)
