"""The C heap: threads share a few arenas, and large blocks go back when they are freed."""

import os
import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="these are settings of glibc"
)

# Sixteen threads that each hold memory at once; prints how many separate arenas that took.
ARENAS = """
import ctypes, sys, threading
from batch_inference.heap import tame_heap
if sys.argv[1] == "tame":
    assert tame_heap()
malloc, sbrk = ctypes.CDLL(None).malloc, ctypes.CDLL(None).sbrk
malloc.restype, malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
sbrk.restype, sbrk.argtypes = ctypes.c_void_p, [ctypes.c_ssize_t]
together, places = threading.Barrier(16), set()
def hold():
    together.wait()
    place = malloc(1000)
    # A thread's arena begins at a multiple of 64 MiB; the main one lies anywhere below the break.
    places.add(0 if place < sbrk(0) else place >> 26)
    together.wait()
threads = [threading.Thread(target=hold) for _ in range(16)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(places))
"""
# Blocks of the size of photographs with small ones between that stay; prints the MB that are left.
BLOCKS = """
import os, sys
from pathlib import Path
from batch_inference.heap import tame_heap
if sys.argv[1] == "tame":
    assert tame_heap()
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
bytearray(8 << 20)  # glibc's bound follows the largest block that was freed
kept, blocks, before = [], [], resident()
for _ in range(400):
    blocks.append(bytearray(b"1") * 200_000)
    kept.append(bytearray(b"1") * 1_000)
del blocks
print(round((resident() - before) / 1e6))
"""


def said(program: str, how: str) -> int:
    environ = {name: value for name, value in os.environ.items() if "MALLOC" not in name}
    command = [sys.executable, "-c", program, how]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
    return int(done.stdout)


def test_threads_share_arenas() -> None:
    assert said(ARENAS, "wild") > 2
    assert said(ARENAS, "tame") <= 2


def test_large_blocks_go_back_whatever_stays_between_them() -> None:
    # How much stays differs by what Python allocated before: 11 to 80 MB, of 80.
    assert said(BLOCKS, "tame") < said(BLOCKS, "wild") / 2
