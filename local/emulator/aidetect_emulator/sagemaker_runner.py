"""A training job's life: the contract's folders, a process instead of the container.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo.html
"""

import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .batch_attempt import TIMED_OUT, Attempt, AttemptEnd
from .batch_environment import command_line
from .private_tmp import TMP, relocate_all
from .sagemaker_artifact import output_uri, upload_folder
from .sagemaker_channel import DownloadError, fill
from .sagemaker_checkpoints import CheckpointSync
from .sagemaker_config import lay_out, variables
from .sagemaker_job import REASON_CHARACTERS, TrainingJob
from .sagemaker_metrics import MetricWatch

LOG = logging.getLogger(__name__)
OPT_ML = "/opt/ml"
# How our own entry point is told that the folder lies elsewhere.
ROOT_VARIABLE = "AIDETECT_OPT_ML"
# StopTrainingJob is `docker stop -t120`:
# https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-dockerfile.html
STOP_SECONDS = 120.0
STOPPED = "Stopped"


@dataclass(frozen=True)
class Machine:
    """What a job is given to run with.

    Attributes
    ----------
    python, folder
        The container's python, and its working folder.
    environ
        Variables of the machine and of the role.
    scratch
        Stands for the container's own disk: ``/tmp`` and ``/opt/ml``.
    s3
        A client with the role's credentials.
    emit
        Takes each line of the log.
    """

    python: str
    folder: Path
    environ: Mapping[str, str]
    scratch: Path
    s3: Any
    emit: Callable[[str], None]
    grace: float = STOP_SECONDS

    @property
    def root(self) -> Path:
        """What the container sees as ``/opt/ml``."""
        return self.scratch / "ml"


def run(job: TrainingJob, machine: Machine) -> None:
    """Run a job to its end; every failure becomes the job's."""
    try:
        job.artifact = output_uri(job, "model.tar.gz")
        job.move("Starting", "Launching requested ML instances")
        lay_out(machine.root, job.request)
        job.move("Downloading", "Downloading input data")
        for channel in job.request.get("InputDataConfig") or []:
            fill(machine.s3, channel, machine.root / "input" / "data")
        if job.stop.is_set():
            job.end(STOPPED)
            return
        job.move("Training", "Training image download completed. Training in progress.")
        watch = MetricWatch(job.request["AlgorithmSpecification"])
        with contextlib.ExitStack() as stack:
            kept = _checkpoints(job, machine)
            if kept:
                stack.enter_context(kept)
            end = _attempt(job, machine, watch)
        job.metrics = watch.last
        _finish(job, machine, end, kept.error if kept else "")
    except DownloadError as error:
        job.end("Failed", reason=f"ClientError: {error}")
    except Exception as error:
        LOG.warning("training job %s could not run", job.name, exc_info=True)
        job.end("Failed", reason=f"InternalServerError: {error}")


def _checkpoints(job: TrainingJob, machine: Machine) -> CheckpointSync | None:
    config = job.request.get("CheckpointConfig") or {}
    if not config.get("S3Uri"):
        return None
    path = config.get("LocalPath") or f"{OPT_ML}/checkpoints"
    if not path.startswith(f"{OPT_ML}/"):
        raise DownloadError(f"CheckpointConfig: here LocalPath must lie below {OPT_ML}")
    return CheckpointSync(machine.s3, config["S3Uri"], machine.root / path[len(OPT_ML) + 1 :])


def _attempt(job: TrainingJob, machine: Machine, watch: MetricWatch) -> AttemptEnd:
    own = machine.scratch / "tmp"
    own.mkdir(parents=True, exist_ok=True)
    folders = {TMP: str(own), OPT_ML: str(machine.root)}
    algorithm = job.request["AlgorithmSpecification"]
    words = [*algorithm["ContainerEntrypoint"], *(algorithm.get("ContainerArguments") or [])]
    moved = relocate_all({str(n): w for n, w in enumerate(words)}, folders)

    def take(line: str) -> None:
        watch.look(line)
        machine.emit(line)

    limit = job.request["StoppingCondition"].get("MaxRuntimeInSeconds")
    attempt = Attempt(
        command=command_line(list(moved.values()), {}, machine.python),
        environ={
            **machine.environ,
            "HOME": str(own),
            "TMPDIR": str(own),
            ROOT_VARIABLE: str(machine.root),
            **relocate_all(variables(job), folders),
        },
        folder=machine.folder,
        emit=take,
        stopped=lambda: STOPPED if job.stop.is_set() else None,
        limit=float(limit) if limit else None,
        grace=machine.grace,
    )
    return attempt.run()


def _finish(job: TrainingJob, machine: Machine, end: AttemptEnd, unsaved: str) -> None:
    stopped = end.status_reason in (STOPPED, TIMED_OUT)
    if not job.stop.is_set():
        job.move("Uploading", "Uploading generated training model")
    upload_folder(machine.s3, machine.root / "output" / "data", output_uri(job, "output.tar.gz"))
    if stopped or end.exit_code == 0:
        upload_folder(machine.s3, machine.root / "model", job.artifact)
    if stopped:
        job.end("Stopped", "MaxRuntimeExceeded" if end.status_reason == TIMED_OUT else STOPPED)
    elif end.exit_code:
        job.end("Failed", reason=_reason(machine.root, end.exit_code))
    elif unsaved:
        job.end("Failed", reason=f"ClientError: {unsaved}")
    else:
        job.end("Completed")


def _reason(root: Path, exit_code: int) -> str:
    written = root / "output" / "failure"
    said = written.read_text(encoding="utf-8", errors="replace") if written.is_file() else ""
    tail = f", exit code: {exit_code}"
    head = "AlgorithmError: "
    return head + said.strip()[: REASON_CHARACTERS - len(head) - len(tail)] + tail
