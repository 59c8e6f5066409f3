"""What SageMaker promises a training container, and what it expects of it.

Folders, and which of them SageMaker brings back after a spot interruption (checkpoints only):
https://docs.aws.amazon.com/sagemaker/latest/dg/model-train-storage-env-var-summary.html
Files of the configuration:
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
Results, and the file ``failure``:
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-output.html
Exit codes:
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-signal-success-failure.html
SIGTERM, and SIGKILL 120 seconds later:
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-dockerfile.html
"""

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.stages.context import StageError
from training.storage import LocalStorage, MissingFileError

DEFAULT_ROOT = Path("/opt/ml")
# Names another root, to run elsewhere than in SageMaker.
ROOT_VARIABLE = "AIDETECT_OPT_ML"
# DescribeTrainingJob shows so many characters of the file as FailureReason.
REASON_CHARACTERS = 1024


@dataclass(frozen=True)
class Container:
    """The folders below ``/opt/ml``."""

    root: Path

    @property
    def checkpoints(self) -> LocalStorage:
        """Kept in step with S3 while the job runs, and brought back when it starts again."""
        return LocalStorage(self.root / "checkpoints")

    @property
    def model(self) -> LocalStorage:
        """Becomes ``model.tar.gz`` when the job has ended."""
        return LocalStorage(self.root / "model")

    @property
    def output(self) -> LocalStorage:
        """Becomes ``output.tar.gz`` when the job has ended."""
        return LocalStorage(self.root / "output" / "data")

    def channel(self, name: str) -> LocalStorage:
        """Return a channel's folder.

        Raises
        ------
        MissingFileError
            If the job was given no such channel.
        """
        folder = self.root / "input" / "data" / name
        if not folder.is_dir():
            raise MissingFileError(f"{folder} is missing; give the job a channel named {name}")
        return LocalStorage(folder)

    def hyperparameter(self, name: str) -> str:
        """Return a hyperparameter; all of them are texts.

        Raises
        ------
        StageError
            If it was not given.
        """
        found = self._config("hyperparameters.json").get(name)
        if not isinstance(found, str) or not found:
            raise StageError(f"hyperparameter {name} is missing; give it in HyperParameters")
        return found

    def require_one_host(self) -> None:
        """Refuse a job of several instances: each would train the same alone.

        Raises
        ------
        StageError
            If there is more than one.
        """
        hosts = self._config("resourceconfig.json").get("hosts", [])
        if len(hosts) > 1:
            raise StageError(
                f"the job has {len(hosts)} instances and training uses one; set InstanceCount: 1"
            )

    def require_writable(self) -> None:
        """Refuse to train what could not be kept.

        Raises
        ------
        StageError
            If this user may not write where the contract says.
        """
        for storage in (self.checkpoints, self.model, self.output):
            try:
                storage.root.mkdir(parents=True, exist_ok=True)
                allowed = os.access(storage.root, os.W_OK | os.X_OK)
            except PermissionError:
                allowed = False
            if not allowed:
                raise StageError(
                    f"user {os.getuid()} may not write to {storage.root}; SageMaker runs an image "
                    "as the user that it names: give it the one of target sagemaker"
                )

    def fail(self, reason: str) -> None:
        """Say why the job fails, where SageMaker looks for it; nothing where that may not be."""
        text = reason[:REASON_CHARACTERS]
        with contextlib.suppress(PermissionError):
            self.root.joinpath("output").mkdir(parents=True, exist_ok=True)
            self.root.joinpath("output", "failure").write_text(text, encoding="utf-8")

    def _config(self, name: str) -> dict[str, Any]:
        where = self.root / "input" / "config" / name
        try:
            document = json.loads(where.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise MissingFileError(
                f"{where} is missing; this command is the entry point of a SageMaker training job"
            ) from error
        except ValueError as error:
            raise StageError(f"{where} is no JSON document: {error}") from error
        if not isinstance(document, dict):
            raise StageError(f"{where} is no JSON object")
        return document
