"""What the process of a job is given: its folders, variables, secrets and credentials."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import fault_file, settings
from .batch_clients import client_of, endpoint
from .batch_environment import Credentials, Host, JobIdentity
from .batch_mounts import mounts
from .batch_secrets import secret_variables
from .job_image import Root
from .private_tmp import TMP, relocate_all
from .role_credentials import assume


def container(job: Any) -> dict[str, Any]:
    """Return the container properties of a job's definition."""
    return job.job_definition.container_properties or {}


def _session(job: Any) -> str:
    return f"{job.job_id.replace(':', '-')[:50]}-batch"


def _credentials(job: Any) -> Credentials:
    role = container(job).get("jobRoleArn")
    if not role:
        # A container without a job role has no credentials on AWS either.
        return Credentials("none", "none", "none")
    return assume(role, _session(job), job.job_definition._region)


def _secrets(job: Any) -> dict[str, str]:
    region = job.job_definition._region

    def read(arn: str) -> str:
        role = assume(container(job).get("executionRoleArn") or "", _session(job), region)
        manager = client_of("secretsmanager", region, role)
        return str(manager.get_secret_value(SecretId=arn)["SecretString"])

    return secret_variables(container(job), read)


def scratch() -> Path:
    """Return the folder that stands for the ``/tmp`` of all jobs."""
    return settings.current().scratch / "batch"


def mounted_on(job: Any) -> dict[str, str]:
    """Return the folder that stands for each of a job's mount points; it is made where missing."""
    scratch().mkdir(parents=True, exist_ok=True)
    mounted = mounts(container(job), scratch(), job.job_id)
    for folder in mounted.values():
        Path(folder).mkdir(parents=True, exist_ok=True)
    return mounted


def environ(
    job: Any, attempt: int, mounted: Mapping[str, str], root: Root | None
) -> dict[str, str]:
    """Return all variables of an attempt's process.

    ``root`` is the unpacked image that it runs in; None for a process of the checkout.
    """
    here = settings.current()
    host = Host(
        path=os.environ["PATH"],
        scratch=str(scratch()),
        checkout=here.job_path,
        endpoint=endpoint(),
        region=job.job_definition._region,
        cache=str(here.job_cache),
    )
    identity = JobIdentity(
        job_id=job.job_id,
        queue=job.job_queue.name,
        compute_environment="local",
        attempt=attempt,
        array_index=job.array_properties.get("index"),
    )
    defined = {e["name"]: e["value"] for e in container(job).get("environment") or []}
    overridden = {e["name"]: e["value"] for e in job.container_overrides.get("environment") or []}
    given = {**defined, **overridden}
    own = (
        {**host.environ(), **relocate_all(given, {TMP: str(scratch()), **mounted})}
        if root is None
        else {**root.environ, **host.cloud(), **given}
    )
    return {
        **own,
        **_secrets(job),
        **_credentials(job).environ(),
        **identity.environ(),
        f"{settings.PREFIX}STATE": str(here.state),
        **fault_file.current().environ,
    }
