"""What is put in place when the emulator starts, and taken down when it ends."""

import contextlib
import logging
import os

import psutil
from localstack.runtime import hooks

from . import (
    alarm_clock,
    batch_runner,
    corrections,
    faults,
    iam_guard,
    lambda_code,
    lambda_logs,
    persistence,
    settings,
    sfn_metrics,
    sfn_sagemaker,
    sfn_stop,
    sqs_age,
    sqs_poller,
)

LOG = logging.getLogger(__name__)
# Time for a job to finish its chunk; what is not finished is scored again.
STOP_SECONDS = 2.0
_running = contextlib.ExitStack()


@hooks.on_infra_start(priority=-10)  # type: ignore[untyped-decorator]
def on_start() -> None:
    """Install everything, before the services start."""
    here = settings.current()
    here.state.mkdir(parents=True, exist_ok=True)
    here.scratch.mkdir(parents=True, exist_ok=True)
    corrections.install()
    lambda_code.install()
    lambda_logs.install()
    sqs_poller.install()
    batch_runner.install(here.batch_slots)
    sfn_sagemaker.install()
    sfn_stop.install()
    sfn_metrics.install()
    sqs_age.install()
    alarm_clock.install(here.alarm_period)
    iam_guard.install()
    kept = persistence.install()
    _running.callback(kept.stop)
    # Last: what is done is kept, though its answer be lost.
    faults.install()
    LOG.info("aidetect emulator ready, state in %s", here.state)


@hooks.on_infra_shutdown(priority=100)  # type: ignore[untyped-decorator]
def on_shutdown() -> None:
    """Save the last changes, end functions and jobs, and end.

    LocalStack would go on to stop its services one by one for several seconds, although nothing of
    them is left to save.
    """
    _running.close()
    children = psutil.Process().children(recursive=True)
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.terminate()
    _, alive = psutil.wait_procs(children, timeout=STOP_SECONDS)
    for child in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    logging.shutdown()
    os._exit(0)
