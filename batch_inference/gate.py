"""Lets few large images be decoded at once, so that memory does not grow with the workers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    """A counted gate; waiting in front of it does not count against an image's time."""

    def __init__(self, width: int) -> None:
        self._free = threading.BoundedSemaphore(width)

    @contextmanager
    def large(self) -> Iterator[None]:
        """Hold one of the places for large images."""
        with self._free:
            yield
