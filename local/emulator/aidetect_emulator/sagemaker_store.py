"""The training jobs of every account and region, while the emulator runs."""

import re
import threading
from collections.abc import Mapping
from typing import Any

from .sagemaker_job import TrainingJob

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
NAME = re.compile(r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$")
Place = tuple[str, str]


class RefusedError(Exception):
    """A call that SageMaker answers with an error.

    Attributes
    ----------
    code : str
        The error's name in the API.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def check(request: Mapping[str, Any]) -> None:
    """Refuse a request that SageMaker would refuse, or that cannot be done here.

    Raises
    ------
    RefusedError
        ``ValidationException``.
    """

    def refuse(why: str) -> None:
        raise RefusedError("ValidationException", why)

    name = request["TrainingJobName"]
    if not NAME.fullmatch(name):
        refuse(f"Value '{name}' at 'trainingJobName' does not match {NAME.pattern}")
    if any(not isinstance(v, str) for v in (request.get("HyperParameters") or {}).values()):
        refuse("HyperParameters hold strings only")
    if not request["AlgorithmSpecification"].get("ContainerEntrypoint"):
        refuse("here a training job runs its ContainerEntrypoint; the image's own is not known")
    if int(request["ResourceConfig"].get("InstanceCount") or 1) != 1:
        refuse("here a training job has one instance")
    if request.get("EnableManagedSpotTraining"):
        condition = request["StoppingCondition"]
        if int(condition.get("MaxWaitTimeInSeconds") or 0) < int(condition["MaxRuntimeInSeconds"]):
            refuse("MaxWaitTimeInSeconds must be present and at least MaxRuntimeInSeconds")


class JobStore:
    """Jobs by account, region and name. A name is never free again."""

    def __init__(self) -> None:
        self._jobs: dict[Place, dict[str, TrainingJob]] = {}
        self._lock = threading.Lock()

    def add(self, place: Place, job: TrainingJob) -> None:
        """Take a new job.

        Raises
        ------
        RefusedError
            ``ResourceInUse``, when there was one of that name.
        """
        with self._lock:
            jobs = self._jobs.setdefault(place, {})
            if job.name in jobs:
                raise RefusedError(
                    "ResourceInUse",
                    "Training job names must be unique within an AWS account and region, and a "
                    f"training job with this name already exists ({jobs[job.name].arn})",
                )
            jobs[job.name] = job

    def get(self, place: Place, name: str) -> TrainingJob:
        """Find a job.

        Raises
        ------
        RefusedError
            ``ValidationException``, when there is none.
        """
        with self._lock:
            job = self._jobs.get(place, {}).get(name)
        if job is None:
            raise RefusedError("ValidationException", "Requested resource not found.")
        return job

    def all(self, place: Place) -> list[TrainingJob]:
        """Give the jobs of an account and region, the newest first."""
        with self._lock:
            return sorted(self._jobs.get(place, {}).values(), key=lambda j: j.created, reverse=True)

    def stop(self, place: Place, name: str) -> None:
        """Ask a job to stop.

        Raises
        ------
        RefusedError
            ``ValidationException``, when it does not run.
        """
        job = self.get(place, name)
        if not job.ask_to_stop():
            raise RefusedError(
                "ValidationException",
                f"The request was rejected because the training job is in status {job.status}.",
            )
