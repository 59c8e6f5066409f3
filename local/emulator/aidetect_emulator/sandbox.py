"""One Lambda execution environment: a runtime process and the Runtime API that drives it."""

import json
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .process_group import end_group
from .runtime_api import Answer, Invocation, RuntimeApi

# AWS gives a function 10 s to initialise on demand; two busy cores are slower than AWS.
INIT_SECONDS = 60.0
POLL_SECONDS = 0.1
STOP_GRACE_SECONDS = 2.0


class InitError(Exception):
    """The runtime process did not come to ask for an invocation."""


@dataclass(frozen=True)
class Function:
    """What a sandbox needs to know of a function.

    Attributes
    ----------
    command : sequence of str
        The runtime's command line.
    environ : mapping
        The whole environment of the process, without ``AWS_LAMBDA_RUNTIME_API``.
    root : Path
        The working folder: the unzipped artifact.
    timeout : float
        Seconds an invocation may take.
    memory : int
        Configured memory, MiB; reported, not enforced.
    arn : str
        The function's ARN.
    """

    command: Sequence[str]
    environ: Mapping[str, str]
    root: Path
    timeout: float
    memory: int
    arn: str


@dataclass
class Sandbox:
    """A started function. Serves one invocation at a time; ``log`` gets each line it prints."""

    function: Function
    log: Callable[[str], None]
    api: RuntimeApi = field(default_factory=RuntimeApi)
    lock: threading.Lock = field(default_factory=threading.Lock)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the runtime and wait until it asks for work.

        Raises
        ------
        InitError
            When the process ends, reports an error or is not ready in time.
        """
        process = self._spawn()
        end = time.monotonic() + INIT_SECONDS
        while not self.api.ready.wait(0.05):
            if process.poll() is not None:
                raise InitError(f"Runtime exited with status {process.returncode} during init")
            if time.monotonic() > end:
                end_group(process, 0)
                raise InitError(f"Runtime was not ready after {INIT_SECONDS:.0f} s")
        if self.api.init_error is not None:
            raise InitError(self.api.init_error.decode(errors="replace"))

    def invoke(self, event: bytes, request_id: str) -> Answer:
        """Run one invocation and give its answer.

        A crash or a timeout is an error answer, after which the next invocation gets a new process.
        """
        with self.lock:
            self.log(f"START RequestId: {request_id} Version: $LATEST")
            began = time.monotonic()
            self.api.send(
                Invocation(
                    request_id, event, self.function.arn, time.time() + self.function.timeout
                )
            )
            answer = self._answer(request_id, began + self.function.timeout)
            self._report(request_id, time.monotonic() - began)
            return answer

    def stop(self) -> None:
        """End the process, its children and the server. Safe to call twice."""
        if self.process is not None:
            end_group(self.process, STOP_GRACE_SECONDS)
            self.process = None
            self.api.stop()

    def _spawn(self) -> subprocess.Popen[bytes]:
        self.api.reset()
        process = subprocess.Popen(
            list(self.function.command),
            env={**self.function.environ, "AWS_LAMBDA_RUNTIME_API": self.api.address},
            cwd=self.function.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        threading.Thread(target=self._copy_output, args=(process,), daemon=True).start()
        self.process = process
        return process

    def _copy_output(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is None:
            return
        with process.stdout as lines:
            for line in lines:
                self.log(line.decode(errors="replace").rstrip("\n"))

    def _answer(self, request_id: str, deadline: float) -> Answer:
        process = self.process
        if process is None:
            return _error("Runtime.Unknown", f"RequestId: {request_id} Error: sandbox is stopped")
        while True:
            left = deadline - time.monotonic()
            answer = self.api.answer(min(POLL_SECONDS, left))
            if answer is not None:
                return answer
            if process.poll() is not None:
                self._spawn()
                status = process.returncode
                what = f"signal: {-status}" if status < 0 else f"exit status {status}"
                return _error(
                    "Runtime.ExitError",
                    f"RequestId: {request_id} Error: Runtime exited with error: {what}",
                )
            if left <= 0:
                end_group(process, 0)
                self._spawn()
                return _error(
                    "Sandbox.Timedout",
                    f"RequestId: {request_id} Error: "
                    f"Task timed out after {self.function.timeout:.2f} seconds",
                )

    def _report(self, request_id: str, seconds: float) -> None:
        milliseconds = seconds * 1000
        used = peak_memory(self.process.pid) if self.process else 0
        self.log(f"END RequestId: {request_id}")
        self.log(
            f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\t"
            f"Billed Duration: {int(milliseconds) + 1} ms\t"
            f"Memory Size: {self.function.memory} MB\tMax Memory Used: {used} MB"
        )


def peak_memory(pid: int) -> int:
    """Give a process's peak resident memory in MiB; 0 where the system does not say."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    return 0


def _error(kind: str, message: str) -> Answer:
    body = json.dumps({"errorType": kind, "errorMessage": message}).encode()
    return Answer(body, is_error=True)
