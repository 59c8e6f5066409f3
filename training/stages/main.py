"""One stage as a job: ``python -m training stage NAME --run s3://bucket/runs/<run>/run.json``.

Environment: ``AWS_BATCH_JOB_ARRAY_INDEX`` (trial of a search), ``AWS_BATCH_JOB_ATTEMPT``,
``TRAINING_SCRATCH`` (folder on disk for downloads, default ``/tmp/aidetect-training``).

Exit codes, for the retry rules of the job definitions:

=====  ===========================================================================================
0      the stage is done, now or before
1      it could not go on (S3, memory, a lost GPU): retry, and it resumes
2      what it was given is wrong; the run's files and the log say what: do not retry
143    told to stop by SIGTERM, as when spot capacity is reclaimed: retry, and it resumes
=====  ===========================================================================================
"""

import importlib
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from detector.contract import ContractError
from detector.layout import RunLayout
from detector.package import PackageError
from detector.training_request import RequestError
from detector.training_run import Stage, StageFailure, StageRecord, TrainingRun
from detector.uri import S3Uri, UriError
from training.data.materialize import DamagedDatasetError, DiskError
from training.dataset import DatasetError
from training.head import HeadError
from training.stages.context import StageContext, StageError, StopFlag, StoppedError, Tell
from training.stages.log import teller
from training.stages.progress import StageProgress
from training.storage import MissingFileError, S3Storage, open_storage
from training.sweep import trial_folder
from training.vision import WeightsError

DONE, RETRY, REFUSED, STOPPED = 0, 1, 2, 143
DEFAULT_SCRATCH = "/tmp/aidetect-training"  # noqa: S108 - private to the container; hash-checked
# What is wrong with the input, and so would be again at the next attempt.
HOPELESS = (
    ContractError,
    DamagedDatasetError,
    DatasetError,
    DiskError,
    HeadError,
    MissingFileError,
    PackageError,
    RequestError,
    StageError,
    WeightsError,
    ValueError,
)
BUSY = (ClientError, BotoCoreError, OSError, MemoryError)
STAGES = (Stage.PREPARE, Stage.TRAIN, Stage.EVALUATE, Stage.EXPORT)


class StageFunction(Protocol):
    """The work of one stage; returns what it says of itself for the record."""

    def __call__(self, context: StageContext) -> dict[str, str]: ...


def stage_function(stage: Stage) -> StageFunction:
    """Return the function of a stage; its module is imported for this stage only."""
    module = importlib.import_module(f"training.stages.{stage.value}")
    found: StageFunction = getattr(module, stage.value)
    return found


@contextmanager
def stopping(stop: StopFlag) -> Iterator[None]:
    """Make SIGTERM raise the flag while the block runs."""
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def read_run(where: S3Uri) -> tuple[TrainingRun, S3Storage]:
    """Read a run's description; return it with the storage of the training bucket.

    Raises
    ------
    ContractError, MissingFileError
        If it is not there, or not of this version, or not where its own text says.
    """
    bucket = open_storage(str(S3Uri(where.bucket, "")))
    assert isinstance(bucket, S3Storage)  # noqa: S101 - it was opened by an s3 URI
    run = TrainingRun.parse(bucket.read(where.key), where=str(where))
    if RunLayout(run.training_bucket, run.run).description != where:
        raise ContractError(f"{where} describes run {run.run} of bucket {run.training_bucket}")
    return run, bucket


def build_context(
    run: TrainingRun,
    bucket: S3Storage,
    scratch: Path,
    trial: int | None,
    stop: StopFlag,
    tell: Tell,
) -> StageContext:
    """Return a stage's context with all of its files in S3."""
    files = bucket.child(f"runs/{run.run}")
    home = files if trial is None else files.child(trial_folder(trial))
    return StageContext(
        run=run,
        files=files,
        training=bucket,
        models=S3Storage(bucket.s3, S3Uri(run.models_bucket, "")),
        scratch=scratch / run.run if trial is None else scratch / run.run / f"trial-{trial}",
        checkpoints=home.child("checkpoints"),
        output=home.child("model"),
        trial=trial,
        tell=tell,
        stop=stop,
    )


def trial_of(run: TrainingRun, stage: Stage, environ: Mapping[str, str]) -> int | None:
    """Return the number of the trial that this process is, where the run is a search."""
    if stage is not Stage.TRAIN or not run.request.sweep:
        return None
    return int(environ.get("AWS_BATCH_JOB_ARRAY_INDEX", "0"))


def run_stage(stage: Stage, context: StageContext, *, attempt: int, work: StageFunction) -> None:
    """Do a stage's work and record that it is done; nothing where it was done before."""
    trial = context.trial
    name = f"stages/{stage.value}{'' if trial is None else f'-{trial:05d}'}.json"
    if context.files.exists(name):
        context.tell(f"{stage.value} was done before")
        return
    began = time.monotonic()
    said = work(context)
    if stage is Stage.PREPARE:
        # What SageMaker's job knows of its run is this folder.
        context.files.write("prepared/run.json", context.run.dumps().encode())
    record = StageRecord(
        run=context.run.run,
        stage=stage,
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - began, 1),
        attempt=attempt,
        said=said,
    )
    context.files.write(name, record.dumps().encode(), content_type="application/json")
    context.tell(f"{stage.value} done in {record.seconds:.0f} s: {said}")


def note_failure(context: StageContext, stage: Stage, error: Exception) -> None:
    """Keep why a stage failed, where people and the notification find it."""
    failure = StageFailure(
        run=context.run.run,
        stage=stage,
        failed_at=datetime.now(UTC).isoformat(timespec="seconds"),
        error=type(error).__name__,
        message=str(error)[:2000],
    )
    name = f"stages/{stage.value}-failed.json"
    context.files.write(name, failure.dumps().encode(), content_type="application/json")


def main(
    stage: Stage,
    where: str,
    *,
    environ: Mapping[str, str] | None = None,
    tell: Tell | None = None,
) -> int:
    """Run one stage, and return the exit code."""
    env = os.environ if environ is None else environ
    attempt = int(env.get("AWS_BATCH_JOB_ATTEMPT", "1"))
    # Named by the folder of the run, as long as its description is not read.
    named = {"run": where.split("/")[-2:][0], "stage": stage.value, "attempt": attempt}
    tell = tell or teller(env, **named)
    stop = StopFlag()
    try:
        run, bucket = read_run(S3Uri.parse(where))
    except (UriError, ContractError, MissingFileError) as error:
        tell(f"refused: {error}")
        return REFUSED
    scratch = Path(env.get("TRAINING_SCRATCH") or DEFAULT_SCRATCH)
    trial = trial_of(run, stage, env)
    context = build_context(run, bucket, scratch, trial, stop, tell)
    with stopping(stop), StageProgress(context, stage) as watched:
        return attempt_stage(stage, watched, attempt=attempt, work=stage_function(stage))


def attempt_stage(stage: Stage, context: StageContext, *, attempt: int, work: StageFunction) -> int:
    """Run a stage's work, and return the exit code that says how it went."""
    try:
        run_stage(stage, context, attempt=attempt, work=work)
    except StoppedError as stopped:
        context.tell(f"stopped: {stopped}")
        return STOPPED
    except BUSY as error:
        if isinstance(error, HOPELESS):
            return _refuse(stage, context, error)
        context.tell(f"could not go on: {type(error).__name__}: {error}")
        note_failure(context, stage, error)
        return RETRY
    except HOPELESS as error:
        return _refuse(stage, context, error)
    return DONE


def _refuse(stage: Stage, context: StageContext, error: Exception) -> int:
    context.tell(f"refused: {error}")
    note_failure(context, stage, error)
    return REFUSED
