"""How an SQS event source mapping gathers messages into one invocation.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html: a batch is closed
when the window has passed since its first message, when it is full, or when its payload is 6 MB.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Message = dict[str, Any]

PAYLOAD_BYTES = 6 * 1024 * 1024
# What Lambda adds to a message: ARN, region, names of fields; and the envelope around them all.
RECORD_OVERHEAD = 512
ENVELOPE = 64
# With batches of 2,500 the emulator's own receive call stays well under a second.
RECEIVE_MAX = 2500


def record_bytes(message: Message) -> int:
    """Estimate a message's share of the payload from above. A body is JSON inside JSON."""
    return len(json.dumps(message)) + RECORD_OVERHEAD


@dataclass
class Gathering:
    """A batch being gathered.

    Attributes
    ----------
    size : int
        The most messages in a batch.
    window : float
        Seconds to wait for more after the first message.
    limit : int
        The most bytes in a batch.
    """

    size: int
    window: float
    limit: int = PAYLOAD_BYTES
    messages: list[Message] = field(default_factory=list)
    used: int = ENVELOPE

    @property
    def is_full(self) -> bool:
        """Say whether no further message is wanted."""
        return len(self.messages) >= self.size

    def take(self, messages: Sequence[Message]) -> list[Message]:
        """Add messages as long as they fit; give back those that did not."""
        for index, message in enumerate(messages):
            bytes_ = record_bytes(message)
            too_large = bool(self.messages) and self.used + bytes_ > self.limit
            if self.is_full or too_large:
                return list(messages[index:])
            self.messages.append(message)
            self.used += bytes_
        return []


Receive = Callable[[int, float], Sequence[Message]]


def gather(
    receive: Receive,
    kept: list[Message],
    *,
    size: int,
    window: float,
    idle: float,
    clock: Callable[[], float],
) -> tuple[list[Message], list[Message]]:
    """Gather one batch.

    Parameters
    ----------
    receive : callable
        ``receive(count, seconds)`` gives up to ``count`` messages, as soon as there is one.
    kept : list of message
        Messages that were received before and did not fit then.
    size, window : int, float
        The mapping's ``BatchSize`` and ``MaximumBatchingWindowInSeconds``.
    idle : float
        Seconds to wait for a first message.
    clock : callable
        Monotonic seconds.

    Returns
    -------
    tuple of list
        The batch, empty when no message came, and the messages kept for the next one.
    """
    batch = Gathering(size, window)
    rest = batch.take(kept)
    if not batch.messages:
        rest = batch.take(receive(min(size, RECEIVE_MAX), idle))
    end = clock() + window
    while batch.messages and not rest and not batch.is_full:
        left = end - clock()
        wanted = min(size - len(batch.messages), RECEIVE_MAX)
        if left <= 0 and window > 0:
            break
        more = receive(wanted, max(left, 0.0))
        if not more and window == 0:
            break
        rest = batch.take(more)
        if window == 0:
            break
    return batch.messages, rest
