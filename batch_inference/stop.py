"""The wish to end early, and how long the chunk at hand may still take."""

import time


class Stop:
    """Set by a signal handler or another thread; asked by the pipeline.

    Parameters
    ----------
    grace
        Seconds between the wish and the moment the chunk at hand is abandoned.
    """

    def __init__(self, grace: float) -> None:
        self._grace = grace
        self._deadline: float | None = None

    def ask(self) -> None:
        """Ask for the end; a second time changes nothing."""
        # No lock: a signal handler runs in the thread that may hold it.
        if self._deadline is None:
            self._deadline = time.monotonic() + self._grace

    @property
    def asked(self) -> bool:
        """Whether nothing new is to begin."""
        return self._deadline is not None

    @property
    def overdue(self) -> bool:
        """Whether what was begun is to be abandoned."""
        return self._deadline is not None and time.monotonic() >= self._deadline
