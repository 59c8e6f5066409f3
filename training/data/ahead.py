"""Does the work of many items ahead, several at a time, and hands the results out in order."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


def ahead(
    items: Iterable[A],
    work: Callable[[A], B],
    *,
    threads: int,
    weight: Callable[[A], int],
    budget: int,
) -> Generator[tuple[A, B], None, None]:
    """Yield each item with its result, in the order of the items.

    Parameters
    ----------
    threads
        How many are worked on at a time.
    weight, budget
        Items begun and not yet handed out together weigh no more than this, unless it is one.
    """
    waiting: deque[tuple[A, int, Future[B]]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="ahead") as pool:
        held = 0
        try:
            for item in items:
                heavy = weight(item)
                while waiting and (held + heavy > budget or len(waiting) >= 4 * threads):
                    first, back, future = waiting.popleft()
                    held -= back
                    yield first, future.result()
                held += heavy
                waiting.append((item, heavy, pool.submit(work, item)))
            while waiting:
                first, _, future = waiting.popleft()
                yield first, future.result()
        finally:
            for _, _, future in waiting:
                future.cancel()
