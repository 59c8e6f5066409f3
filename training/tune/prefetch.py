"""Work done ahead by a few threads, handed out in order.

Threads, since decoding, resizing and compressing leave Python's lock: nothing is pickled, no memory
is shared between processes, and a fork never meets a running GPU.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Work = TypeVar("Work")
Made = TypeVar("Made")

MAX_WORKERS = 16
# Pieces that wait ready for each worker.
AHEAD = 4


def default_workers() -> int:
    """Return how many threads this process may use to good effect."""
    return min(MAX_WORKERS, len(os.sched_getaffinity(0)))


def in_order(
    work: Iterable[Work], make: Callable[[Work], Made], workers: int, ahead: int = 0
) -> Iterator[Made]:
    """Yield ``make(piece)`` for each piece of work, in order.

    Parameters
    ----------
    work
        May be endless.
    make
        Must depend on its argument alone, so that the number of workers does not matter.
    workers
        Threads; 0 makes each piece when it is asked for.
    ahead
        Pieces that may wait ready; by default a few for each worker.
    """
    if workers == 0:
        yield from map(make, work)
        return
    source, waiting = iter(work), deque[Future[Made]]()
    room = max(ahead, AHEAD * workers)
    pool = ThreadPoolExecutor(workers, thread_name_prefix="prefetch")
    try:
        for piece in source:
            waiting.append(pool.submit(make, piece))
            if len(waiting) >= room:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
