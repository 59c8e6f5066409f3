"""Threads share a few arenas of the C heap."""

import os
import platform
import subprocess
import sys

import pytest

# Sixteen threads that each hold memory at once; prints how many separate arenas that took.
PROGRAM = """
import re, sys, threading
from batch_inference.heap import share_arenas
if sys.argv[1] == "shared":
    assert share_arenas()
import ctypes
malloc = ctypes.CDLL(None).malloc
malloc.restype, malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
together, places = threading.Barrier(16), set()
def hold():
    together.wait()
    places.add(malloc(1000) >> 26)  # an arena of a thread begins at a multiple of 64 MiB
    together.wait()
threads = [threading.Thread(target=hold) for _ in range(16)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(places))
"""


def arenas(how: str) -> int:
    environ = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    command = [sys.executable, "-c", PROGRAM, how]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="arenas are glibc's")
def test_threads_share_arenas() -> None:
    assert arenas("own") > 2
    assert arenas("shared") <= 2
