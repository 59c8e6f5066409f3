"""Starts the emulator in the background and waits until it serves."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import urllib3

from detector.cache import cache_home
from local.errors import EmulatorDiedError
from local.paths import CHECKOUT, StatePaths
from local.toolchain import Toolchain

READY_SECONDS = 60.0
TAIL_LINES = 15


@dataclass(frozen=True)
class EmulatorOptions:
    """How an emulator is started: see :class:`local.options.UpOptions`."""

    port: int
    batch_slots: int = 2
    alarm_period: int = 0


def environment(paths: StatePaths, tools: Toolchain, options: EmulatorOptions) -> dict[str, str]:
    """Give the emulator's environment.

    The user's AWS settings stay out: nothing here may reach, or look as if it reached, an account.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PYTHON", "VIRTUAL_"))}
    scratch = paths.home / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    return {
        **kept,
        "AIDETECT_EMULATOR_ALARM_PERIOD": str(options.alarm_period),
        "AIDETECT_EMULATOR_BATCH_SLOTS": str(options.batch_slots),
        "AIDETECT_EMULATOR_CODE_CACHE": str(cache_home() / "lambda-code"),
        "AIDETECT_EMULATOR_JOB_PATH": str(CHECKOUT),
        "AIDETECT_EMULATOR_JOB_PYTHON": sys.executable,
        "AIDETECT_EMULATOR_LAMBDA_PYTHON": str(tools.lambda_python),
        "AIDETECT_EMULATOR_LAMBDA_RUNTIME": str(tools.lambda_packages),
        "AIDETECT_EMULATOR_STATE": str(paths.home),
        "CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES": "1",
        "CFN_VERBOSE_ERRORS": "1",
        "DISABLE_EVENTS": "1",
        "DNS_ADDRESS": "0",
        "EAGER_SERVICE_LOADING": "0",
        "FILESYSTEM_ROOT": str(paths.home / "emulator"),
        "LOCALSTACK_HOST": f"127.0.0.1:{options.port}",
        "PYTHONPATH": str(tools.plugin),
        "SQS_ENDPOINT_STRATEGY": "path",
        # What queues hold, as often as alarms look.
        "SQS_CLOUDWATCH_METRICS_REPORT_INTERVAL": str(options.alarm_period or 60),
        "GATEWAY_LISTEN": f"127.0.0.1:{options.port}",
        "LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC": "0.2",
        "LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC": "0.05",
        "LAMBDA_KEEPALIVE_MS": "600000",
        "LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT": "90",
        "LAMBDA_RUNTIME_EXECUTOR": "process",
        "LOCALSTACK_VOLUME_DIR": str(paths.home / "emulator"),
        "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "TMPDIR": str(scratch),
    }


def start(paths: StatePaths, tools: Toolchain, options: EmulatorOptions) -> psutil.Process:
    """Start the emulator, detached from this process, and wait until it serves.

    Raises
    ------
    EmulatorDiedError
        When it ends, or is not ready in a minute.
    """
    (paths.home / "emulator").mkdir(parents=True, exist_ok=True)
    with paths.log.open("wb") as log:
        process = subprocess.Popen(
            [str(tools.emulator_python), "-m", "localstack.runtime.main"],
            env=environment(paths, tools, options),
            cwd=paths.home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    paths.pid.write_text(f"{process.pid}\n", encoding="utf-8")
    end = time.monotonic() + READY_SECONDS
    while not is_healthy(options.port):
        if process.poll() is not None:
            why = f"ended with status {process.returncode}"
            raise EmulatorDiedError(why, paths.log, tail(paths.log))
        if time.monotonic() > end:
            process.kill()
            process.wait()
            why = f"did not become ready in {READY_SECONDS:.0f} s"
            raise EmulatorDiedError(why, paths.log, tail(paths.log))
        time.sleep(0.1)
    # It outlives us on purpose: without this, Popen warns of a child left running.
    process.returncode = 0
    return psutil.Process(process.pid)


def is_healthy(port: int, timeout: float = 2.0) -> bool:
    """Say whether an emulator answers on the port."""
    url = f"http://127.0.0.1:{port}/_localstack/health"
    try:
        answer = urllib3.request("GET", url, timeout=timeout, retries=False)
    except urllib3.exceptions.HTTPError:
        return False
    return answer.status == 200


def tail(log: Path, lines: int = TAIL_LINES) -> str:
    """Give the last lines of a log."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "(no log)"
    return "\n".join(text.splitlines()[-lines:])
