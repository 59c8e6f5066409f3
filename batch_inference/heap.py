"""Keeps the C heap of a process with many threads from growing with them."""

import ctypes

# malloc.h of glibc: how many arenas there may be. By default eight for each processor, and each
# keeps the encoded images that passed through it.
M_ARENA_MAX = -8
ARENAS = 2


def share_arenas(most: int = ARENAS) -> bool:
    """Let all threads share a few arenas; to be called before there are threads.

    Returns
    -------
    Whether the C library took it; one that is not glibc has no such thing.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(M_ARENA_MAX, most))
