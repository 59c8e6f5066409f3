"""Disables compute environments, and not the job queue: docs/decisions/011-stop-spending.md."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient


def stop(fleets: Sequence[str], *, batch: "BatchClient") -> None:
    """Disable compute environments, all of them even if one cannot be.

    What is disabled already stays so. Jobs that run go on, jobs that wait keep waiting.

    Raises
    ------
    ExceptionGroup
        Of the ``ClientError`` of each that could not be disabled, such as one being updated. Lambda
        tries twice more.
    """
    refused: list[Exception] = []
    for fleet in fleets:
        try:
            batch.update_compute_environment(computeEnvironment=fleet, state="DISABLED")
        except batch.exceptions.ClientError as error:
            refused.append(error)
    if refused:
        raise ExceptionGroup("spending is not stopped yet", refused)
