"""Log lines on their way to CloudWatch Logs become metrics too, where they say so."""

import logging
from collections.abc import Iterable

from localstack.aws.connect import connect_to

from .emf import metrics_in

LOG = logging.getLogger(__name__)
# What PutMetricData takes at once.
MOST = 1000


def put(region: str, account: str, lines: Iterable[str]) -> None:
    """Make metrics of log lines; a failure costs the metric alone, and is told."""
    for namespace, data in metrics_in(lines).items():
        client = connect_to(region_name=region, aws_access_key_id=account).cloudwatch
        for first in range(0, len(data), MOST):
            try:
                client.put_metric_data(Namespace=namespace, MetricData=data[first : first + MOST])
            except Exception as error:  # noqa: BLE001  (a job runs on without its metrics)
                LOG.warning("no metrics in %s: %s", namespace, error)
