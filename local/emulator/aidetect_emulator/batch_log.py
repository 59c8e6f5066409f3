"""A job's lines on their way to CloudWatch Logs."""

import threading
import time
from types import TracebackType
from typing import Any, Self

from . import log_metrics

FLUSH_SECONDS = 0.5
# PutLogEvents takes 10,000 events a call.
MAX_EVENTS = 10_000


class JobLog:
    """Gathers lines and writes them every half second, so that a running job can be followed."""

    def __init__(self, backend: Any, group: str, stream: str) -> None:
        self._backend = backend
        self._group = group
        self._stream = stream
        self._events: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._flush_often, daemon=True)

    def __enter__(self) -> Self:
        self._backend.ensure_log_group(self._group)
        self._backend.ensure_log_stream(self._group, self._stream)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed.set()
        self._thread.join()
        self._flush()

    def write(self, line: str) -> None:
        """Take a line; empty ones are dropped, as CloudWatch refuses them."""
        if not line:
            return
        event = {"timestamp": int(time.time() * 1000), "message": line}
        with self._lock:
            self._events.append(event)

    def _flush_often(self) -> None:
        while not self._closed.wait(FLUSH_SECONDS):
            self._flush()

    def _flush(self) -> None:
        with self._lock:
            events, self._events = self._events, []
        for first in range(0, len(events), MAX_EVENTS):
            some = events[first : first + MAX_EVENTS]
            self._backend.put_log_events(self._group, self._stream, some)
        if events:
            lines = (event["message"] for event in events)
            log_metrics.put(self._backend.region_name, self._backend.account_id, lines)
