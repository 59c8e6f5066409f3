"""Gathering of messages into one invocation."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from local.emulator.aidetect_emulator.sqs_batch import (
    PAYLOAD_BYTES,
    Gathering,
    Message,
    gather,
    record_bytes,
)


class Queue:
    """A queue in which messages become visible at given seconds, with a clock of its own."""

    def __init__(self, *arrivals: tuple[float, int], body: str = "x") -> None:
        self.now = 0.0
        self.waiting = [
            (at, {"Body": body, "MessageId": f"{at}-{i}"}) for at, n in arrivals for i in range(n)
        ]

    def clock(self) -> float:
        return self.now

    def receive(self, count: int, seconds: float) -> Sequence[Message]:
        visible = [(at, m) for at, m in self.waiting if at <= self.now]
        if not visible:
            later = [at for at, _ in self.waiting]
            self.now = min([self.now + max(seconds, 0.05), *later])
            visible = [(at, m) for at, m in self.waiting if at <= self.now]
        taken = visible[:count]
        self.waiting = [pair for pair in self.waiting if pair not in taken]
        return [message for _, message in taken]

    def gather(
        self, kept: list[Message] | None = None, **options: Any
    ) -> tuple[list[Message], list[Message]]:
        return gather(
            self.receive,
            kept or [],
            clock=self.clock,
            **{"size": 10_000, "window": 2.0, "idle": 5.0, **options},
        )


def test_an_empty_queue_gives_nothing() -> None:
    assert Queue().gather() == ([], [])


def test_the_window_begins_with_the_first_message() -> None:
    queue = Queue((3.0, 1), (4.9, 1), (5.5, 1))
    batch, kept = queue.gather()
    assert (len(batch), kept) == (2, [])
    assert queue.now == pytest.approx(5.0, abs=0.1)


def test_a_full_batch_does_not_wait() -> None:
    queue = Queue((0.0, 25))
    batch, kept = queue.gather(size=10, window=300.0)
    assert (len(batch), kept, queue.now) == (10, [], 0.0)


def test_ten_thousand_are_one_batch() -> None:
    queue = Queue((0.0, 12_000))
    batch, _ = queue.gather(window=20.0)
    assert len(batch) == 10_000


def test_without_a_window_what_is_there_is_taken() -> None:
    queue = Queue((0.0, 7), (0.5, 1))
    batch, _ = queue.gather(size=10, window=0.0)
    assert len(batch) == 7


def test_a_batch_stays_below_the_payload_limit() -> None:
    queue = Queue((0.0, 100), body="ü" * 50_000)
    batch, kept = queue.gather()
    payload = json.dumps({"Records": batch})
    assert len(payload) <= PAYLOAD_BYTES
    assert kept
    again, rest = queue.gather(kept)
    assert again == kept[: len(again)]
    assert len(batch) + len(again) + len(rest) + len(queue.waiting) == 100


def test_one_message_over_the_limit_goes_alone() -> None:
    message = {"Body": "x" * 2_000_000, "MessageId": "1"}
    batch = Gathering(size=10, window=0.0, limit=1_000_000)
    assert batch.take([message, message]) == [message]
    assert record_bytes(message) > 2_000_000
