"""AWS Batch jobs as processes: moto keeps the records, this runs what they describe."""

import contextvars
import datetime as dt
import json
import logging
import shutil
import threading
import time
from pathlib import Path
from typing import Any

from moto.batch import models
from moto.batch.responses import BatchResponse

from . import fault_file, settings
from .batch_attempt import EXITED, Attempt, AttemptEnd
from .batch_clients import client
from .batch_environment import command_line, filled_in
from .batch_faults import fill_disk, machine_gone
from .batch_image import image_command
from .batch_log import JobLog
from .batch_mounts import own_volumes
from .batch_process import container, environ, mounted_on, scratch
from .batch_retry import RetryStrategy
from .batch_view import can_place, parent_status
from .fault_file import Faults
from .job_image import is_here, unpack

LOG = logging.getLogger(__name__)
_submitted_strategy: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar(
    "submitted_strategy", default=None
)
_slots = threading.BoundedSemaphore(1)
POLL = 0.2


def _announce(job: Any) -> None:
    """Put a "Batch Job State Change" event on the default bus."""
    detail = {
        "attempts": job.attempts,
        "container": {"exitCode": job.exit_code, "logStreamName": job.log_stream_name},
        "jobArn": job.arn,
        "jobDefinition": job.job_definition.arn,
        "jobId": job.job_id,
        "jobName": job.job_name,
        "jobQueue": job.job_queue.arn,
        "parameters": job.parameters,
        "status": job.status,
        "statusReason": job.job_stopped_reason or "",
    }
    entry = {
        "Source": "aws.batch",
        "DetailType": "Batch Job State Change",
        "Detail": json.dumps(detail, default=str),
        "Resources": [job.arn],
    }
    try:
        client("events", job.job_definition._region).put_events(Entries=[entry])
    except Exception:
        LOG.warning("no event for job %s", job.job_id, exc_info=True)


def _set(job: Any, status: str) -> None:
    job.status = status
    _announce(job)


def _finish(job: Any, *, succeeded: bool, reason: str) -> None:
    job.job_stopped_reason = reason
    job._mark_stopped(succeeded)
    _announce(job)


def _finish_parent(job: Any) -> None:
    parent = job.all_jobs.get(job.job_id.split(":")[0]) if ":" in job.job_id else None
    if parent is None or parent._child_jobs is None:
        return
    with parent.backend.aidetect_lock:
        status = parent_status(child.status or "SUBMITTED" for child in parent._child_jobs)
        if parent.job_stopped or status == "PENDING":
            return
        parent._mark_stopped(status == "SUCCEEDED")
    _announce(parent)


def _attempt(job: Any, number: int, log: JobLog) -> AttemptEnd:
    here = settings.current()
    command = job.container_overrides.get("command") or container(job).get("command") or []
    limit = job._get_attempt_duration()
    faults = fault_file.current()
    image, mounted = container(job).get("image") or "", mounted_on(job)
    root = unpack(image, here.state) if is_here(image) else None
    attempt = Attempt(
        command=command_line(command, job.parameters, here.job_python)
        if root is None
        else image_command(root, container(job), filled_in(command, job.parameters), mounted),
        environ=environ(job, number, mounted, root),
        folder=Path(here.job_path),
        emit=log.write,
        stopped=lambda: (job.job_stopped_reason or "Terminated") if job.stop else None,
        limit=float(limit) if limit else None,
        started=lambda pid: _started(job, pid, faults),
        machine_gone=lambda: machine_gone(job.job_id, faults),
    )
    return attempt.run()


def _started(job: Any, pid: int, faults: Faults) -> None:
    fill_disk(pid, faults)
    _set(job, "RUNNING")


def _try_once(job: Any, number: int) -> AttemptEnd:
    _set(job, "STARTING")
    job.job_started_at = dt.datetime.now()  # noqa: DTZ005  (moto computes with naive local time)
    job.log_stream_name = f"{job._stream_name.replace(':', '/')}/{number}"
    job._start_attempt()
    options = (container(job).get("logConfiguration") or {}).get("options") or {}
    group = options.get("awslogs-group") or job._log_group
    try:
        with JobLog(job._log_backend, group, job.log_stream_name) as log:
            end = _attempt(job, number, log)
    finally:
        shutil.rmtree(own_volumes(scratch(), job.job_id), ignore_errors=True)
    job.exit_code = end.exit_code
    job.latest_attempt["container"].update(
        exitCode=end.exit_code, logStreamName=job.log_stream_name
    )
    job.latest_attempt["statusReason"] = end.status_reason
    job.latest_attempt["stoppedAt"] = int(time.time() * 1000)
    return end


def _placed(job: Any) -> bool:
    """Wait for a slot in an enabled compute environment; return whether the job holds one.

    Where all environments of the queue are disabled, jobs wait, as on AWS; those that run go on.
    https://docs.aws.amazon.com/batch/latest/APIReference/API_UpdateComputeEnvironment.html
    """
    while not job.stop:
        if can_place(job.job_queue.environments) and _slots.acquire(timeout=10 * POLL):
            if can_place(job.job_queue.environments):
                return True
            _slots.release()
        else:
            time.sleep(POLL)
    return False


def _run(job: Any) -> None:
    _set(job, "PENDING")
    if job.depends_on and not job._wait_for_dependencies():
        _finish(job, succeeded=False, reason=job.job_stopped_reason or "Dependent job failed")
        return
    _set(job, "RUNNABLE")
    strategy = RetryStrategy.parse(job.aidetect_retry or job.job_definition.retry_strategy)
    number = 0
    while _placed(job):
        number += 1
        try:
            end = _try_once(job, number)
        finally:
            _slots.release()
        if end.exit_code == 0 and not job.stop:
            _finish(job, succeeded=True, reason=EXITED)
            return
        again = strategy.retries(number, end.exit_code, "", end.status_reason)
        if job.stop or not again:
            _finish(job, succeeded=False, reason=end.status_reason)
            return
        _set(job, "RUNNABLE")
    _finish(job, succeeded=False, reason=job.job_stopped_reason or "Terminated")


def run(job: Any) -> None:
    """Take the place of ``moto.batch.models.Job.run``: the life of one job, in its own thread."""
    try:
        _run(job)
    except Exception as error:
        LOG.warning("job %s could not run", job.job_id, exc_info=True)
        _finish(job, succeeded=False, reason=f"CannotStartContainerError: {error}")
    finally:
        _finish_parent(job)


def _describe(original: Any) -> Any:
    def describe(job: Any) -> dict[str, Any]:
        shown: dict[str, Any] = original(job)
        if "index" in job.array_properties:
            shown["arrayProperties"] = {"index": job.array_properties["index"]}
        if job._child_jobs is not None and not job.job_stopped:
            # moto shows a parent as done before its end is announced; keep to one story.
            shown["status"] = "PENDING"
        if "container" in shown and job.exit_code is not None:
            shown["container"]["exitCode"] = job.exit_code
        if job.job_stopped_reason:
            shown["statusReason"] = job.job_stopped_reason
        return shown

    return describe


def _terminate(original: Any) -> Any:
    def terminate(job: Any, reason: str) -> None:
        original(job, reason)
        for child in job._child_jobs or []:
            if not child.job_stopped:
                original(child, reason)

    return terminate


def install(slots: int) -> None:
    """Replace moto's container runner by this one; ``slots`` jobs run at a time."""
    global _slots
    _slots = threading.BoundedSemaphore(slots)
    models.BatchBackend.aidetect_lock = threading.Lock()
    models.Job.run = run
    models.Job.describe = _describe(models.Job.describe)
    models.Job.terminate = _terminate(models.Job.terminate)
    created = models.Job.__init__

    def init(job: Any, *args: Any, **kwargs: Any) -> None:
        created(job, *args, **kwargs)
        job.aidetect_retry = _submitted_strategy.get()

    models.Job.__init__ = init
    submitted = BatchResponse.submitjob

    def submit(response: Any) -> Any:
        token = _submitted_strategy.set(response._get_param("retryStrategy"))
        try:
            return submitted(response)
        finally:
            _submitted_strategy.reset(token)

    BatchResponse.submitjob = submit
