"""SageMaker's training jobs; moto answers the rest of the service."""

import json
import logging
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.spec import load_service
from localstack.services.plugins import Service, aws_provider
from moto.logs.models import logs_backends

from . import settings
from .batch_clients import client, client_of, endpoint
from .batch_environment import Host
from .batch_log import JobLog
from .moto_service import moto_service
from .role_credentials import assume
from .sagemaker_config import HOST
from .sagemaker_job import TrainingJob
from .sagemaker_runner import Machine, run
from .sagemaker_store import JobStore, RefusedError, check

LOG = logging.getLogger(__name__)
LOG_GROUP = "/aws/sagemaker/TrainingJobs"
_jobs = JobStore()


def _announce(region: str) -> Callable[[TrainingJob], None]:
    """Put a "SageMaker Training Job State Change" event on the default bus, whenever called."""

    def announce(job: TrainingJob) -> None:
        detail = json.dumps(job.describe(), default=lambda when: int(when.timestamp() * 1000))
        entry = {
            "Source": "aws.sagemaker",
            "DetailType": "SageMaker Training Job State Change",
            "Detail": detail,
            "Resources": [job.arn],
        }
        try:
            client("events", region).put_events(Entries=[entry])
        except Exception:
            LOG.warning("no event for training job %s", job.name, exc_info=True)

    return announce


def _live(job: TrainingJob, account: str, region: str) -> None:
    """Run a job in its own thread."""
    here = settings.current()
    scratch = here.scratch / "sagemaker" / job.name
    stream = f"{job.name}/{HOST}-{int(job.created.timestamp())}"
    host = Host(
        path=os.environ["PATH"],
        scratch=str(scratch),
        checkout=here.job_path,
        endpoint=endpoint(),
        region=region,
        cache=str(here.job_cache),
    )
    try:
        role = assume(job.request["RoleArn"], "SageMaker", region)
        with JobLog(logs_backends[account][region], LOG_GROUP, stream) as log:
            machine = Machine(
                python=here.job_python,
                folder=Path(here.job_path),
                environ={
                    **host.environ(),
                    **role.environ(),
                    f"{settings.PREFIX}STATE": str(here.state),
                },
                scratch=scratch,
                s3=client_of("s3", region, role),
                emit=log.write,
            )
            run(job, machine)
    except Exception as error:
        LOG.warning("training job %s could not run", job.name, exc_info=True)
        job.end("Failed", reason=f"InternalServerError: {error}")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _create(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    check(request)
    name = request["TrainingJobName"]
    arn = f"arn:aws:sagemaker:{context.region}:{context.account_id}:training-job/{name}"
    job = TrainingJob(request, arn, _announce(context.region))
    _jobs.add((context.account_id, context.region), job)
    threading.Thread(
        target=_live, args=(job, context.account_id, context.region), daemon=True
    ).start()
    return {"TrainingJobArn": arn}


def _describe(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    place = (context.account_id, context.region)
    return _jobs.get(place, request["TrainingJobName"]).describe()


def _stop(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    _jobs.stop((context.account_id, context.region), request["TrainingJobName"])
    return {}


def _list(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    shown = ("TrainingJobName", "TrainingJobArn", "CreationTime", "TrainingEndTime")
    found = []
    for job in _jobs.all((context.account_id, context.region)):
        described = job.describe()
        if request.get("NameContains", "") not in job.name:
            continue
        if request.get("StatusEquals", job.status) != job.status:
            continue
        summary = {key: described[key] for key in shown if key in described}
        found.append({**summary, "TrainingJobStatus": job.status})
    return {"TrainingJobSummaries": found[: int(request.get("MaxResults") or 10)]}


def _answered(answer: Callable[[RequestContext, dict[str, Any]], dict[str, Any]]) -> Any:
    """Make an operation of a function; its refusals become the API's errors."""

    def operation(_self: Any, context: RequestContext, request: Any) -> dict[str, Any]:
        try:
            return answer(context, dict(request))
        except RefusedError as error:
            raise CommonServiceException(error.code, str(error), sender_fault=True) from error

    return operation


OWN = {
    "CreateTrainingJob": _answered(_create),
    "DescribeTrainingJob": _answered(_describe),
    "ListTrainingJobs": _answered(_list),
    "StopTrainingJob": _answered(_stop),
}


def service() -> Service:
    """Make the service."""
    unknown = OWN.keys() - set(load_service("sagemaker").operation_names)
    if unknown:
        raise LookupError(f"SageMaker has no operation {sorted(unknown)}")
    return moto_service("sagemaker", OWN)


sagemaker = aws_provider(api="sagemaker")(service)
