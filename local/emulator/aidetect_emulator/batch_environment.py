"""The command line and the environment of a Batch job's process."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PYTHON_NAMES = frozenset({"python", "python3", "python3.11"})


def filled_in(command: Sequence[str], parameters: Mapping[str, str]) -> list[str]:
    """Give a job's command with ``Ref::name`` replaced."""
    words = []
    for word in command:
        for name in sorted(parameters, key=len, reverse=True):
            word = word.replace(f"Ref::{name}", str(parameters[name]))
        words.append(word)
    return words


def command_line(command: Sequence[str], parameters: Mapping[str, str], python: str) -> list[str]:
    """Give the command to run: ``Ref::name`` replaced, the container's python replaced by ours."""
    words = filled_in(command, parameters)
    if words and os.path.basename(words[0]) in PYTHON_NAMES:  # noqa: PTH119
        words[0] = python
    return words


@dataclass(frozen=True)
class JobIdentity:
    """What Batch tells a container about its job."""

    job_id: str
    queue: str
    compute_environment: str
    attempt: int
    array_index: int | None = None

    def environ(self) -> dict[str, str]:
        """Give the variables.

        https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html
        """
        names = {
            "AWS_BATCH_CE_NAME": self.compute_environment,
            "AWS_BATCH_JOB_ATTEMPT": str(self.attempt),
            "AWS_BATCH_JOB_ID": self.job_id,
            "AWS_BATCH_JQ_NAME": self.queue,
        }
        if self.array_index is not None:
            names["AWS_BATCH_JOB_ARRAY_INDEX"] = str(self.array_index)
        return names


@dataclass(frozen=True)
class Credentials:
    """Temporary credentials of a role."""

    access_key: str
    secret_key: str
    token: str

    def environ(self) -> dict[str, str]:
        """Give the variables the SDKs read."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_SESSION_TOKEN": self.token,
        }


@dataclass(frozen=True)
class Host:
    """What of this machine a job's process is given.

    ``cache``: where weights of encoders lie that were fetched once; empty for nowhere.
    """

    path: str
    scratch: str
    checkout: str
    endpoint: str
    region: str
    cache: str = ""

    def cloud(self) -> dict[str, str]:
        """Give the variables that a job in its own image gets, too."""
        return {
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": self.region,
        }

    def environ(self) -> dict[str, str]:
        """Give the variables. Nothing of the user's own environment is handed on but PATH."""
        cache = {"AIDETECT_CACHE": self.cache} if self.cache else {}
        return {
            **cache,
            **self.cloud(),
            "HOME": self.scratch,
            "LANG": "C.UTF-8",
            "PATH": self.path,
            "PYTHONPATH": self.checkout,
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": self.scratch,
        }
