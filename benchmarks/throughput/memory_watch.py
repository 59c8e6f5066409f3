"""The peak memory of a process and all that it started, seen from outside."""

import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

MARK_PAUSE = 0.05
# Of so many looks one is at all the memory, which takes the kernel milliseconds.
LOOKS = 10
# What stands for a service elsewhere is no part of the contender.
APART = "benchmarks.s3_server"


def proportional_bytes(pid: int) -> int:
    """Return a process's memory, pages that it shares counted by its share; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def tree(root: psutil.Process) -> Iterator[psutil.Process]:
    """Yield a process and its descendants."""
    try:
        processes = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in processes:
        try:
            if APART not in process.cmdline():
                yield process
        except psutil.Error:
            continue


def tree_bytes(root: psutil.Process) -> int:
    """Return the memory of a process and its descendants."""
    return sum(proportional_bytes(process.pid) for process in tree(root))


def tree_seconds(root: psutil.Process) -> float:
    """Return the processor seconds of a process and its descendants, ended ones included."""
    total = 0.0
    for process in tree(root):
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.Error:
            continue
    return total


def high_water(pid: int) -> int:
    """Return the most memory that a process ever had resident, in bytes; 0 when it is gone.

    The kernel keeps it, so nothing between two looks is missed. Shared pages count in full.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


class MemoryWatch:
    """Looks while the block runs.

    Attributes
    ----------
    peak
        The most memory seen of all the processes together, bytes; looked at twice a second.
    root_mark, children_mark
        High-water marks of the process itself, and of its descendants that lived at once, bytes;
        looked at twenty times a second.
    """

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.peak = 0
        self.root_mark = 0
        self.children_mark = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        looks = 0
        while not self._end.wait(MARK_PAUSE):
            # Not the usage that wait4 tells: it knows the memory of who started the process, too.
            self.root_mark = max(self.root_mark, high_water(self._root.pid))
            self.children_mark = max(self.children_mark, _children_high_water(self._root))
            if looks % LOOKS == 0:
                self.peak = max(self.peak, tree_bytes(self._root))
            looks += 1


def _children_high_water(root: psutil.Process) -> int:
    try:
        return sum(high_water(child.pid) for child in root.children(recursive=True))
    except psutil.NoSuchProcess:
        return 0
