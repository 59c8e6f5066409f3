"""One attempt of a Batch job: a process group, watched for its end, its limit and its stop."""

import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .process_group import POLL_SECONDS, end_group

EXITED = "Essential container in task exited"
TIMED_OUT = "Job attempt duration exceeded timeout"
# ECS waits so long between SIGTERM and SIGKILL unless told otherwise.
STOP_GRACE_SECONDS = 30.0


@dataclass(frozen=True)
class AttemptEnd:
    """How an attempt ended: exit code (128+n for signal n) and AWS's status reason."""

    exit_code: int
    status_reason: str


def exit_code(return_code: int) -> int:
    """Give a container's exit code for a process's return code."""
    return return_code if return_code >= 0 else 128 - return_code


@dataclass
class Attempt:
    """A job's process.

    Attributes
    ----------
    command, environ, folder
        What runs, with which whole environment, where.
    emit : callable
        Gets each line of output as it comes.
    stopped : callable
        Gives the reason for stopping, or None while the job shall run on.
    limit : float, optional
        Seconds after which the attempt is killed.
    grace : float
        Seconds between SIGTERM and SIGKILL when the job is stopped.
    machine_gone : callable
        Gives the reason once the job's machine is taken away, else None.
    """

    command: Sequence[str]
    environ: Mapping[str, str]
    folder: Path
    emit: Callable[[str], None]
    stopped: Callable[[], str | None]
    limit: float | None = None
    grace: float = STOP_GRACE_SECONDS
    started: Callable[[int], None] = field(default=lambda _pid: None)
    machine_gone: Callable[[], str | None] = field(default=lambda: None)

    def run(self) -> AttemptEnd:
        """Run the process to its end.

        Raises
        ------
        OSError
            When it cannot be started.
        """
        process = subprocess.Popen(
            list(self.command),
            env=dict(self.environ),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.started(process.pid)
        reader = threading.Thread(target=self._copy_output, args=(process,), daemon=True)
        reader.start()
        reason = self._watch(process)
        # The container dies with its first process, so what that left behind dies too.
        end_group(process, 0)
        reader.join(5)
        return AttemptEnd(exit_code(process.returncode), reason)

    def _watch(self, process: subprocess.Popen[bytes]) -> str:
        began = time.monotonic()
        while process.poll() is None:
            reason = self.stopped() or self.machine_gone()
            if reason is not None:
                end_group(process, self.grace)
                return reason
            if self.limit is not None and time.monotonic() - began > self.limit:
                end_group(process, self.grace)
                return TIMED_OUT
            time.sleep(POLL_SECONDS)
        return EXITED

    def _copy_output(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is None:
            return
        with process.stdout as lines:
            for line in lines:
                self.emit(line.decode(errors="replace").rstrip("\n"))
