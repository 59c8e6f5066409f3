"""What the emulator is told by the process that starts it, through environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

PREFIX = "AIDETECT_EMULATOR_"


class MissingSettingError(Exception):
    """The emulator was started without one of its settings."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{PREFIX}{name} is not set: start the emulator with `aidetect local up`")


@dataclass(frozen=True)
class Settings:
    """One emulator's settings.

    Attributes
    ----------
    state : Path
        Folder of this stack's state: audit log, persisted objects, temporary files.
    code_cache : Path
        Folder of unzipped Lambda archives, one per SHA-256.
    lambda_python : str
        Interpreter of Lambda functions: one that has no packages of its own.
    lambda_runtime : str
        Folder with awslambdaric and boto3, which AWS provides to a function.
    job_python : str
        Interpreter of Batch jobs.
    job_path : str
        Working folder and PYTHONPATH of Batch jobs: the checkout.
    batch_slots : int
        Number of Batch jobs that run at a time.
    alarm_period : int
        The longest period of an alarm, in seconds; 0 for those of the template.
    """

    state: Path
    code_cache: Path
    lambda_python: str
    lambda_runtime: str
    job_python: str
    job_path: str
    batch_slots: int = 2
    alarm_period: int = 0

    @property
    def audit(self) -> Path:
        """The log of calls made by roles, one JSON object a line."""
        return self.state / "iam-audit.jsonl"

    @property
    def denied(self) -> Path:
        """The log of calls that a role was denied, one JSON object a line."""
        return self.state / "iam-denied.jsonl"

    @property
    def objects(self) -> Path:
        """The folder in which the objects of the buckets survive the emulator."""
        return self.state / "s3"

    @property
    def parameters(self) -> Path:
        """The file in which SSM parameters survive the emulator."""
        return self.state / "ssm.json"

    @property
    def job_cache(self) -> Path:
        """The machine's cache, in which that of the archives is a folder."""
        return self.code_cache.parent

    @property
    def scratch(self) -> Path:
        """The folder for the temporary files of functions and jobs."""
        return self.state / "tmp"

    def environ(self) -> dict[str, str]:
        """Give the environment variables from which :func:`from_environ` makes these settings."""
        return {
            f"{PREFIX}STATE": str(self.state),
            f"{PREFIX}CODE_CACHE": str(self.code_cache),
            f"{PREFIX}LAMBDA_PYTHON": self.lambda_python,
            f"{PREFIX}LAMBDA_RUNTIME": self.lambda_runtime,
            f"{PREFIX}JOB_PYTHON": self.job_python,
            f"{PREFIX}JOB_PATH": self.job_path,
            f"{PREFIX}BATCH_SLOTS": str(self.batch_slots),
            f"{PREFIX}ALARM_PERIOD": str(self.alarm_period),
        }


def from_environ(environ: Mapping[str, str]) -> Settings:
    """Read the settings.

    Raises
    ------
    MissingSettingError
        When one is not set.
    """

    def need(name: str) -> str:
        value = environ.get(f"{PREFIX}{name}", "")
        if not value:
            raise MissingSettingError(name)
        return value

    return Settings(
        state=Path(need("STATE")),
        code_cache=Path(need("CODE_CACHE")),
        lambda_python=need("LAMBDA_PYTHON"),
        lambda_runtime=need("LAMBDA_RUNTIME"),
        job_python=need("JOB_PYTHON"),
        job_path=need("JOB_PATH"),
        batch_slots=int(need("BATCH_SLOTS")),
        alarm_period=int(need("ALARM_PERIOD")),
    )


@lru_cache(maxsize=1)
def current() -> Settings:
    """Read this process's settings, once."""
    return from_environ(os.environ)
