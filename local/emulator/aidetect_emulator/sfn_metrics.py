"""Executions as metrics of ``AWS/States``, which LocalStack does not make.

https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from localstack.aws.connect import connect_to
from localstack.services.stepfunctions.backend.execution import Execution

LOG = logging.getLogger(__name__)
METRICS = {
    "RUNNING": "ExecutionsStarted",
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}


def _put(execution: Execution) -> None:
    connect_to(
        region_name=execution.region_name, aws_access_key_id=execution.account_id
    ).cloudwatch.put_metric_data(
        Namespace="AWS/States",
        MetricData=[
            {
                "MetricName": METRICS[str(execution.exec_status)],
                "Value": 1,
                "Unit": "Count",
                "Timestamp": datetime.now(UTC),
                "Dimensions": [{"Name": "StateMachineArn", "Value": execution.state_machine.arn}],
            }
        ],
    )


def _publishing(original: Callable[[Execution], Any]) -> Callable[[Execution], Any]:
    def publish(execution: Execution) -> Any:
        try:
            _put(execution)
        except Exception:
            LOG.warning("an execution without its metric", exc_info=True)
        return original(execution)

    return publish


def install() -> None:
    """Let every change of status count."""
    name = "publish_execution_status_change_event"
    setattr(Execution, name, _publishing(getattr(Execution, name)))
