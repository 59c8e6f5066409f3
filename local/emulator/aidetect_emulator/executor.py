"""LocalStack's Lambda executor that runs functions as processes of this machine."""

import os
import threading
from pathlib import Path
from typing import Any

from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import (
    LambdaRuntimeException,
    RuntimeExecutor,
)

from . import fault_file, settings
from .private_tmp import relocate
from .sandbox import Function, InitError, Sandbox


class ProcessExecutor(RuntimeExecutor):  # type: ignore[misc]
    """One execution environment of a function."""

    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        super().__init__(id, function_version)
        self._lines: list[str] = []
        self._lock = threading.Lock()
        self._sandbox: Sandbox | None = None

    def start(self, env_vars: dict[str, str]) -> None:
        function = describe(self.function_version, env_vars)
        self._sandbox = Sandbox(function, self._log)
        try:
            self._sandbox.start()
        except InitError as error:
            self._sandbox.stop()
            raise LambdaRuntimeException("\n".join([str(error), *self._drain()])) from error

    def stop(self) -> None:
        if self._sandbox is not None:
            self._sandbox.stop()

    def get_address(self) -> str:
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        return "http://127.0.0.1"

    def get_logs(self) -> str:
        with self._lock:
            return "\n".join(self._lines)

    def invoke(self, payload: dict[str, Any]) -> InvocationResult:
        if self._sandbox is None:
            raise LambdaRuntimeException("invoked before it was started")
        event = payload["payload"]
        request_id = payload["invoke-id"]
        answer = self._sandbox.invoke(
            event.encode() if isinstance(event, str) else event, request_id
        )
        logs = "\n".join(self._drain()) + "\n"
        return InvocationResult(request_id, answer.payload, is_error=answer.is_error, logs=logs)

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Keep the code: it lies in the cache, by hash."""

    def _log(self, line: str) -> None:
        with self._lock:
            self._lines.append(line)

    def _drain(self) -> list[str]:
        with self._lock:
            lines, self._lines = self._lines, []
        return lines


class ProcessExecutorPlugin(RuntimeExecutorPlugin):  # type: ignore[misc]
    """The entry point; chosen by ``LAMBDA_RUNTIME_EXECUTOR=process``."""

    name = "process"

    def load(self, *args: Any, **kwargs: Any) -> type[RuntimeExecutor]:  # noqa: ARG002
        return ProcessExecutor


def describe(version: FunctionVersion, env_vars: dict[str, str]) -> Function:
    """Say how a function version is run here.

    ``-S`` hides the interpreter's own packages, so a dependency that the artifact forgot is missing
    here as it would be on AWS; boto3 comes last, from the folder that stands for AWS's runtime.
    """
    config = version.config
    here = settings.current()
    root = Path(config.code.get_unzipped_code_location())
    scratch = here.scratch / "lambda" / version.id.function_name
    scratch.mkdir(parents=True, exist_ok=True)
    logging = config.logging_config or {}
    environ = {
        **relocate({name: str(value) for name, value in env_vars.items()}, str(scratch)),
        "AWS_LAMBDA_LOG_FORMAT": str(logging.get("LogFormat") or "Text"),
        "HOME": str(scratch),
        "LAMBDA_TASK_ROOT": str(root),
        "LANG": "en_US.UTF-8",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(root), here.lambda_runtime]),
        "TMPDIR": str(scratch),
        f"{settings.PREFIX}STATE": str(here.state),
        **fault_file.current().environ,
    }
    return Function(
        command=[here.lambda_python, "-S", "-m", "awslambdaric", config.handler],
        environ=environ,
        root=root,
        timeout=config.timeout,
        memory=config.memory_size,
        arn=version.qualified_arn.rsplit(":", 1)[0],
    )
