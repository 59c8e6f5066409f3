"""A bound on the bytes held at once by many threads."""

import threading

from batch_inference.errors import ScoringError


class ByteBudget:
    """Blocks whoever would take the total above the limit.

    A request above the whole limit is let in when nothing else is held, so nothing waits forever.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0
        self._closed = False
        self._changed = threading.Condition()

    def acquire(self, count: int) -> None:
        """Wait until ``count`` bytes may be held.

        Raises
        ------
        ScoringError
            If the budget was closed, because the shard is being given up.
        """
        self.exchange(0, count)

    def exchange(self, held: int, count: int) -> None:
        """Give ``held`` bytes back and wait until ``count`` may be held in their place.

        Nothing is held while waiting, so that two who both need more do not wait for each other.

        Raises
        ------
        ScoringError
            If the budget was closed; then the ``held`` bytes are still held.
        """
        with self._changed:
            self._used -= held
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: self._closed or self._used == 0 or self._used + count <= self._limit
            )
            if self._closed:
                self._used += held
                raise ScoringError("the shard was given up while this image waited for memory")
            self._used += count

    def release(self, count: int) -> None:
        """Give ``count`` bytes back."""
        with self._changed:
            self._used -= count
            self._changed.notify_all()

    def close(self) -> None:
        """Turn everyone away, those who wait included."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
