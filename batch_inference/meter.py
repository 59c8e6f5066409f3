"""Counts the requests and bytes of a shard, across its threads."""

import threading


class Meter:
    """GETs made and bytes received."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.gets = 0
        self.bytes_read = 0

    def get(self, count: int) -> None:
        """Add one GET of ``count`` bytes."""
        with self._lock:
            self.gets += 1
            self.bytes_read += count
