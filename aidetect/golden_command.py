"""``aidetect golden``: the labelled images that the champion is held to every day."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from aidetect.console import emit, guarded, out
from aidetect.examples import examples
from aidetect.options import DEFAULT_STACK, Json, Stack, Where
from aidetect.resolve import resolve
from detector.evaluation import Label

if TYPE_CHECKING:
    from detector.golden_set import GoldenAccuracy

app = typer.Typer(
    help="The golden set: labelled images that the champion is held to every day.",
    no_args_is_help=True,
)


@app.command(
    epilog=examples(
        ("aidetect golden add photographs --label real", "a folder of real photographs"),
        ("aidetect golden add made.png --label ai", "one image; also puts a wrong label right"),
    )
)
@guarded()
def add(
    path: Annotated[Path, typer.Argument(help="An image, or a folder of images of one label.")],
    label: Annotated[Label, typer.Option("--label", help="What the images are.")],
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Add labelled images. An image that was there under the other label is moved.

    Take images that no detector learns from, of sources that you meet: a hundred of each label tell
    a change of five points.
    """
    from aidetect.golden.keep import add as put

    target = resolve(where, stack)
    done = put(target.s3, target.outputs.TrainingBucket, path, label)
    if as_json:
        emit(asdict(done))
        return
    out.print(
        f"{done.new:,} images are new, {done.moved:,} got the label {label.value}, {done.there:,} "
        f"were there, {done.left_out:,} files are no images"
    )


@app.command(
    epilog=examples(
        ("aidetect golden show", "the set, and how the champion did in the last runs"),
        ("aidetect golden show --json", "for a program"),
    )
)
@guarded()
def show(
    last: Annotated[int, typer.Option(min=1, help="How many runs.")] = 10,
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Show how many images the set has, and the accuracy of its last runs."""
    from aidetect.golden.keep import images_of
    from aidetect.golden.runs import last_runs

    target = resolve(where, stack)
    labels = Counter(images_of(target.s3, target.outputs.TrainingBucket).values())
    runs = last_runs(target.s3, target.outputs.ResultsBucket, last)
    counts = {label.value: labels[label] for label in Label}
    if as_json:
        emit({"images": counts, "runs": [run.model_dump(mode="json") for run in runs]})
        return
    out.print("Golden set: " + ", ".join(f"{n:,} {label}" for label, n in counts.items()))
    out.print(_view(runs) if runs else "It was not scored yet: aidetect golden run")


@app.command(
    epilog=examples(
        ("aidetect golden run", "now, and not only once a day"),
        ("aidetect golden run --json", "for a program"),
    )
)
@guarded()
def run(
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait at most.")] = 1800,
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Score the golden set with the champion now, and show its accuracy."""
    from aidetect.golden.runs import run_now

    found = run_now(resolve(where, stack), now=datetime.now(UTC), timeout=timeout)
    if as_json:
        emit(found.model_dump(mode="json"))
    else:
        out.print(_view([found]))


def _view(runs: Sequence["GoldenAccuracy"]) -> Table:
    shown = Table(
        "When", "Detector", "Images", "Errors", "Balanced", "Real right", "AI right", "AUC"
    )
    for one in runs:
        shown.add_row(
            one.at[:16],
            one.detector,
            f"{one.real:,} real, {one.ai:,} ai",
            f"{one.errors:,}",
            f"{one.balanced:.3f}",
            f"{one.real_right:.3f}",
            f"{one.ai_right:.3f}",
            f"{one.auc:.3f}",
        )
    return shown
