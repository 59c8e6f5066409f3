"""``aidetect feedback``: what reviewers said; handed in, counted, learnt from."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aidetect.completion import complete_detector
from aidetect.console import emit, err, fail, guarded, out
from aidetect.examples import examples
from aidetect.feedback.choose import SourceBy, choose
from aidetect.options import DEFAULT_STACK, Json, Stack, Where
from aidetect.printable import printable
from aidetect.resolve import resolve
from detector.stored_feedback import Feedback, read_feedback

if TYPE_CHECKING:
    from aidetect.feedback.choose import Choice
    from aidetect.feedback.dataset import Made
    from aidetect.target import Target

MOST_PROBLEMS = 20

app = typer.Typer(
    help="What reviewers said of verdicts: hand in, count, learn from.", no_args_is_help=True
)

Since = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        help="Only batches of this day (UTC) and later.",
        show_default=False,
    ),
]


def _read(target: "Target", since: datetime | None) -> Feedback:
    day = f"{since:%Y-%m-%d}" if since else ""
    found = read_feedback(target.s3, target.outputs.ResultsBucket, since=day)
    for problem in found.problems[:MOST_PROBLEMS]:
        err.print(printable(problem), style="yellow", markup=False, soft_wrap=True)
    if len(found.problems) > MOST_PROBLEMS:
        err.print(f"… and {len(found.problems) - MOST_PROBLEMS} more", style="yellow")
    if not found.marks:
        fail(
            f"no image was marked on the {target.label}"
            + (f" in batches since {day}" if day else "")
            + "; `aidetect report` opens a page to mark them in"
        )
    return found


@app.command(
    epilog=examples(
        ("aidetect feedback add corrections.jsonl", "what a report's page downloaded"),
        ("aidetect feedback add corrections.jsonl --json", "for a program"),
    )
)
@guarded()
def add(
    file: Annotated[Path, typer.Argument(help="JSON lines, as a report's page downloads them.")],
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Hand in corrections that a page could not save itself.

    Every line is checked; when one is bad it is named, and nothing is stored. Adding a file twice
    stores it once.
    """
    from aidetect.feedback.add import add as take_in

    added = take_in(resolve(where, stack), file)
    if as_json:
        emit(
            [
                {"batch": a.batch, "corrections": a.corrections, "uri": str(a.where), "new": a.new}
                for a in added
            ]
        )
        return
    for one in added:
        told = "" if one.new else " were handed in before"
        out.print(f"batch {one.batch}: {one.corrections:,} corrections{told}")


@app.command(
    epilog=examples(
        ("aidetect feedback accuracy", "of every detector that was reviewed"),
        ("aidetect feedback accuracy --since 2026-11-01 --json", "for a program"),
    )
)
@guarded()
def accuracy(
    since: Since = None,
    detector: Annotated[
        str,
        typer.Option(
            metavar="NAME@VERSION",
            help="Only of this detector.",
            show_default=False,
            autocompletion=complete_detector,
        ),
    ] = "",
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Show live accuracy: how verdicts compare with what reviewers hold the images for.

    The newest mark of an image counts, beside the verdict its reviewer saw. Reviewed images are no
    random sample of all; see docs/review.md for what the shares may be used for.
    """
    from aidetect.feedback.table import accuracy_view
    from detector.live_accuracy import CAVEAT, live_accuracy

    feedback = _read(resolve(where, stack), since)
    found = live_accuracy(feedback.marks)
    if detector:
        names = ", ".join(one.detector for one in found)
        found = tuple(one for one in found if one.detector == detector)
        if not found:
            fail(f"no image was marked that {detector} judged; those that were: {names}")
    if as_json:
        emit(
            {
                "since": since and f"{since:%Y-%m-%d}",
                "marks": len(feedback.marks),
                "problems": feedback.problems,
                "detectors": [one.model_dump(mode="json") for one in found],
                "note": CAVEAT,
            }
        )
    else:
        out.print(accuracy_view(found))


@app.command(
    epilog=examples(
        ("aidetect feedback dataset marked", "prints the command that trains on it"),
        ("aidetect feedback dataset marked --source-by folder", "a folder is a source"),
    )
)
@guarded()
def dataset(
    name: Annotated[str, typer.Argument(help="Its name: lower case letters, digits, dashes.")],
    since: Since = None,
    source_by: Annotated[
        SourceBy,
        typer.Option(help="What a source is: training never splits one."),
    ] = SourceBy.BATCH,
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Make a training dataset of the marked images: a manifest that names them where they lie.

    Labels are the newest marks. Images that reviewers disagree about are left out and counted, and
    so are copies. `aidetect train` takes the manifest; it needs three sources of each class, which
    may be joined from several datasets with `aidetect dataset import`.
    """
    from aidetect.feedback.dataset import check_name, make_dataset

    check_name(name)
    target = resolve(where, stack)
    choice = choose(_read(target, since).marks, source_by)
    made = make_dataset(target, name, choice)
    if as_json:
        emit(_document(choice, made))
    else:
        _tell(choice, made)


def _document(choice: "Choice", made: "Made") -> dict[str, object]:
    return {
        "manifest": str(made.manifest),
        "images": len(made.examples),
        "classes": made.classes,
        "sources": made.sources,
        "left_out": {
            "disputed": choice.disputed,
            "copies": choice.copies,
            "unreadable": made.unreadable,
        },
    }


def _tell(choice: "Choice", made: "Made") -> None:
    classes = ", ".join(f"{count:,} {label}" for label, count in made.classes.items())
    out.print(f"{len(made.examples):,} images ({classes}) of {made.sources:,} sources in", end=" ")
    out.print(str(made.manifest), soft_wrap=True, markup=False)
    out.print(
        f"Left out: {choice.disputed:,} that reviewers disagree about, {choice.copies:,} copies, "
        f"{made.unreadable:,} members of archives that cannot be read"
    )
    out.print(f"Train on them with: aidetect train {made.manifest}", soft_wrap=True, markup=False)
