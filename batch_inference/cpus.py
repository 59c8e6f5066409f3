"""How many processors this process may really use."""

import os
from pathlib import Path

# cgroup v2: "max 100000" or "<quota> <period>", both in microseconds.
# https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
CPU_MAX = Path("/sys/fs/cgroup/cpu.max")


def quota(text: str) -> float | None:
    """Return the processors that a ``cpu.max`` file grants, or None without a limit."""
    first, _, second = text.strip().partition(" ")
    if first == "max" or not first.isdigit() or not second.isdigit() or int(second) == 0:
        return None
    return int(first) / int(second)


def available_cpus(cpu_max: Path = CPU_MAX) -> int:
    """Return the processors of the affinity mask, cut to the container's quota; at least 1."""
    count = len(os.sched_getaffinity(0))
    try:
        limit = quota(cpu_max.read_text())
    except OSError:
        limit = None
    return max(1, count if limit is None else min(count, round(limit)))
