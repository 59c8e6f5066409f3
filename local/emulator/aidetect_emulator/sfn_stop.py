"""An execution that is stopped stops the job it waits for, as on AWS; LocalStack leaves it running.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync
"""

import logging
from collections.abc import Callable
from typing import Any

from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service_batch import (  # noqa: E501
    StateTaskServiceBatch,
)
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service_callback import (  # noqa: E501
    StateTaskServiceCallback,
)
from localstack.services.stepfunctions.asl.utils.boto_client import boto_client_for

LOG = logging.getLogger(__name__)


class Wait:
    """Looks whether a job has ended; can stop it."""

    def __init__(self, look: Callable[[], Any | None], stop: Callable[[], Any]) -> None:
        self._look = look
        self._stop = stop

    def __call__(self) -> Any | None:
        """Give the job's result, or None while it runs."""
        return self._look()

    def stop(self) -> None:
        """Stop the job; Step Functions promises to try."""
        try:
            self._stop()
        except Exception:
            LOG.warning("a job outlives its execution", exc_info=True)


def _waiting(original: Any) -> Any:
    def wait(task: Any, env: Any, sync_resolver: Any, **more: Any) -> Any:
        outcome = original(task, env=env, sync_resolver=sync_resolver, **more)
        if not outcome and not env.is_running() and isinstance(sync_resolver, Wait):
            sync_resolver.stop()
        return outcome

    return wait


def _batch(original: Any) -> Any:
    def build(task: Any, env: Any, resource_runtime_part: Any, **more: Any) -> Wait:
        job = env.stack[-1]["JobId"]
        batch = boto_client_for("batch", resource_runtime_part.region, more["state_credentials"])
        look = original(task, env=env, resource_runtime_part=resource_runtime_part, **more)
        return Wait(look, lambda: batch.terminate_job(jobId=job, reason="Execution stopped"))

    return build


def install() -> None:
    """Replace how tasks wait."""
    StateTaskServiceCallback._eval_sync = _waiting(StateTaskServiceCallback._eval_sync)
    batch = StateTaskServiceBatch
    batch._build_sync_resolver = _batch(batch._build_sync_resolver)
