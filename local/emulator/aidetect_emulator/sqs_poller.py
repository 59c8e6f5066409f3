"""LocalStack's SQS poller with AWS's batching: the window, 10,000 messages, 6 MB.

LocalStack's own measures the window wrongly (it subtracts the time passed again for every message),
cuts batches at 2,500 messages and knows no limit of bytes.
"""

import logging
import math
import time
from collections.abc import Sequence

from botocore.exceptions import ClientError
from localstack.services.lambda_.event_source_mapping.pollers.poller import (
    EmptyPollResultsException,
)
from localstack.services.lambda_.event_source_mapping.pollers.sqs_poller import SqsPoller

from .sqs_batch import Message, gather

LOG = logging.getLogger(__name__)
# Long enough to cost nothing, short enough not to hold up the emulator's end.
IDLE_SECONDS = 2.0
# A shorter wait than a second is a short poll, after which the poller itself waits a little.
PAUSE_SECONDS = 0.1


def _receive(poller: SqsPoller, count: int, seconds: float) -> Sequence[Message]:
    wait = min(math.floor(seconds), 20)
    try:
        response = poller.source_client.receive_message(
            QueueUrl=poller.queue_url,
            MaxNumberOfMessages=min(count, 10),
            WaitTimeSeconds=wait,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
            sqs_override_max_message_count=count,
        )
    except ClientError as error:
        # Else what was gathered before it would be lost for the visibility timeout, and LocalStack
        # would stay away for minutes.
        LOG.warning("a receive failed, and is tried again: %s", error)
        time.sleep(PAUSE_SECONDS)
        return []
    messages: list[Message] = response.get("Messages") or []
    if not messages and wait == 0 and seconds > 0:
        time.sleep(min(seconds, PAUSE_SECONDS))
    return messages


def poll_events(poller: SqsPoller) -> None:
    """Take the place of ``SqsPoller.poll_events``: gather one batch and process it.

    Raises
    ------
    EmptyPollResultsException
        When there was no message.
    """
    batch, poller.aidetect_kept = gather(
        lambda count, seconds: _receive(poller, count, seconds),
        getattr(poller, "aidetect_kept", []),
        size=poller.batch_size,
        window=float(poller.maximum_batching_window),
        idle=IDLE_SECONDS,
        clock=time.monotonic,
    )
    if not batch:
        raise EmptyPollResultsException(service="sqs", source_arn=poller.source_arn)
    try:
        poller.handle_messages(batch)
    except Exception as error:  # noqa: BLE001  (the messages become visible again, as on AWS)
        LOG.warning("batch of %d messages failed: %s", len(batch), error)


def install() -> None:
    """Replace LocalStack's gathering; filters, partial failures and deletion stay its own."""
    SqsPoller.poll_events = poll_events
