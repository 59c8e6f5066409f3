"""The trackers of a run, as the environment configures them."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from training.storage import Storage
from training.track.biases import open_biases
from training.track.board import Board
from training.track.cloudwatch import NAMESPACE, CloudWatch, open_client
from training.track.guard import Guarded, Tell, to_stderr
from training.track.history import History
from training.track.lines import Lines
from training.track.secret import KeyUnreadableError, find_key
from training.track.tracker import Tracker, Trackers

FOLDER = "tracking"
# Set by AWS Batch and by SageMaker in a job's container: there, numbers go to CloudWatch.
# https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html
IN_A_JOB = ("AWS_BATCH_JOB_ID", "TRAINING_JOB_NAME")


def open_trackers(
    files: Storage,
    scratch: Path,
    *,
    run: str,
    detector: str,
    config: Mapping[str, object],
    environ: Mapping[str, str],
    stage: str = "train",
    stdout: TextIO | None = None,
    tell: Tell = to_stderr,
) -> Trackers:
    """Open what is configured. None of it can fail a run; ``docs/tracking.md`` is for people.

    Parameters
    ----------
    files
        Where ``history.jsonl`` and the folder ``tracking/`` go.
    scratch
        A folder on disk that trackers may write to.
    run, detector, stage
        Names of the run, of the detector that is trained, and of the stage.
    config
        The run's settings, for who looks at it later. No secrets.
    environ
        The environment: see ``docs/tracking.md``.
    stdout
        Where metric lines go; none where that is a terminal.
    tell
        Told one sentence of each tracker that cannot be had.
    """
    lines = stdout or sys.stdout
    folder, kept = scratch / FOLDER, files.child(FOLDER)
    makers: list[tuple[str, Callable[[], Tracker]]] = [("The history", lambda: History(files))]
    if not lines.isatty():
        makers.append(("The log", lambda: Lines(lines)))
    if namespace := _namespace(environ):
        dimensions = {"Detector": detector, "Stage": stage}
        makers.append(
            (
                "CloudWatch",
                lambda: CloudWatch(open_client(), namespace=namespace, dimensions=dimensions),
            )
        )
    makers.append(("TensorBoard", lambda: Board(kept.child("tensorboard"), folder / "tensorboard")))
    if environ.get("WANDB_MODE", "") != "disabled":
        makers.append(
            (
                "Weights & Biases",
                lambda: open_biases(
                    kept.child("wandb"),
                    folder / "wandb",
                    run=run,
                    detector=detector,
                    config=config,
                    key=_key(environ, tell),
                    environ=environ,
                    tell=tell,
                ),
            )
        )
    opened = []
    for name, make in makers:
        try:
            opened.append(Guarded(make(), name, tell))
        except ImportError as error:
            tell(f"{name} is skipped: {error.name or error} is not installed")
        except Exception as error:  # noqa: BLE001 - a tracker must not fail a run
            tell(f"{name} is skipped: {type(error).__name__}: {str(error)[:300]}")
    return Trackers(opened)


def _namespace(environ: Mapping[str, str]) -> str:
    """Return the namespace for CloudWatch, empty for none: it costs money and credentials."""
    default = NAMESPACE if any(environ.get(name) for name in IN_A_JOB) else ""
    return environ.get("METRICS_NAMESPACE", default)


def _key(environ: Mapping[str, str], tell: Tell) -> str:
    if environ.get("WANDB_MODE") == "offline":
        return ""
    try:
        return find_key(environ)
    except KeyUnreadableError as error:
        tell(f"Weights & Biases stays offline: {error}")
        return ""
