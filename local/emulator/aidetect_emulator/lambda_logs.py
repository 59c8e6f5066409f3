"""Where a function's lines go: the log group of its configuration, with its role's permissions.

LocalStack writes to ``/aws/lambda/NAME`` whatever the configuration says, and makes a missing group
before a missing stream, which a role that may only make streams is denied.
"""

import logging
import time
from typing import Any

from localstack.aws.connect import connect_to
from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment
from localstack.services.lambda_.invocation.logs import QUEUE_SHUTDOWN, LogHandler
from localstack.utils.aws.client_types import ServicePrincipal

from . import log_metrics

LOG = logging.getLogger(__name__)


def log_group(environment: ExecutionEnvironment) -> str:
    """Take the place of ``get_log_group_name``."""
    configured = (environment.function_version.config.logging_config or {}).get("LogGroup")
    return configured or f"/aws/lambda/{environment.function_version.id.function_name}"


def _put(client: Any, group: str, stream: str, events: list[dict[str, Any]]) -> None:
    missing = client.exceptions.ResourceNotFoundException
    try:
        client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
    except missing:
        try:
            client.create_log_stream(logGroupName=group, logStreamName=stream)
        except missing:
            client.create_log_group(logGroupName=group)
            client.create_log_stream(logGroupName=group, logStreamName=stream)
        client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def run_log_loop(handler: LogHandler, *_args: Any, **_kwargs: Any) -> None:
    """Take the place of ``LogHandler.run_log_loop``."""
    client = connect_to.with_assumed_role(
        region_name=handler.region,
        role_arn=handler.role_arn,
        service_principal=ServicePrincipal.lambda_,
    ).logs
    while not handler._shutdown_event.is_set():
        item = handler.log_queue.get()
        if item is QUEUE_SHUTDOWN:
            return
        now = int(time.time() * 1000)
        lines = [line for line in item.logs.split("\n") if line]
        events = [{"timestamp": now, "message": line} for line in lines]
        try:
            _put(client, item.log_group, item.log_stream, events)
        except Exception as error:  # noqa: BLE001  (a function runs on without its log, as on AWS)
            LOG.warning("no logs in %s: %s", item.log_group, error)
        log_metrics.put(handler.region, handler.role_arn.split(":")[4], lines)


def install() -> None:
    """Replace LocalStack's."""
    ExecutionEnvironment.get_log_group_name = log_group
    LogHandler.run_log_loop = run_log_loop
