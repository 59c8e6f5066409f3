"""What every client is measured with, of the standard library alone."""

import importlib.metadata
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

# GETs in flight, as in the job.
FLIGHT = 32

Wish = tuple[str, str]
Fetch = Callable[[Wish], int]


def wishes() -> list[Wish]:
    """Return the keys to fetch, each with the ETag that it must have."""
    return [(key, etag) for key, etag in json.loads(sys.stdin.read())]


def bucket() -> str:
    """Return the bucket's name."""
    return sys.argv[1]


def endpoint() -> str:
    """Return where the storage is."""
    return os.environ["AWS_ENDPOINT_URL_S3"]


def in_threads(fetch: Fetch) -> Callable[[Sequence[Wish]], int]:
    """Return what fetches all by so many threads; the sum of their bytes."""
    pool = ThreadPoolExecutor(FLIGHT)
    return lambda some: sum(pool.map(fetch, some))


def measure(everything: Callable[[Sequence[Wish]], int], package: str) -> None:
    """Fetch all, and print what it took."""
    wanted = wishes()
    everything(wanted[:FLIGHT])
    before, begun = os.times(), time.perf_counter()
    read = everything(wanted)
    seconds, after = time.perf_counter() - begun, os.times()
    spent = after.user + after.system - before.user - before.system
    print(
        json.dumps(
            {
                "gets_a_second": round(len(wanted) / seconds, 1),
                "processor_ms": round(1000 * spent / len(wanted), 3),
                "bytes": read,
                "version": importlib.metadata.version(package),
            }
        )
    )
