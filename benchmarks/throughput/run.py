"""Running one contender once."""

import json
import os
import subprocess
import tempfile
import threading
from pathlib import Path

import psutil

from benchmarks.environment import EnvironmentFailedError
from benchmarks.throughput.contender import Contender
from benchmarks.throughput.memory_watch import MemoryWatch, tree_seconds
from benchmarks.throughput.outcome import Outcome

SECONDS = 1800


def run(
    contender: Contender, number: int, *, photographs: Path, models: Path, threads: int, cache: Path
) -> Outcome:
    """Score the photographs once in a fresh process; a failure is an outcome too."""
    try:
        command = contender.command(cache)
    except EnvironmentFailedError as error:
        return Outcome(contender.name, number, failure=f"not installed: {error}")
    command += [str(photographs), str(models), str(threads), *contender.options]
    environ = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore"}
    # Ours runs from this folder; the others must not find its packages.
    environ["PYTHONPATH"] = "" if contender.requirements else str(Path.cwd())
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=said, text=True, env=environ
        )
        timer = threading.Timer(SECONDS, process.kill)
        timer.start()
        with process, MemoryWatch(process.pid) as watch:
            lines, spent = _listen(process)
        timer.cancel()
        if process.returncode:
            said.seek(0)
            last = (said.read().strip().splitlines() or ["it said nothing"])[-1]
            return Outcome(contender.name, number, failure=f"status {process.returncode}: {last}")
    found = json.loads(lines[-1])
    found["processor_ms_all"] = round(1000 * spent / found["images"], 1)
    return Outcome(contender.name, number, found, round(watch.peak / 1e6))


def _listen(process: "subprocess.Popen[str]") -> tuple[list[str], float]:
    """Return what a contender says, and the processor seconds from its begin to its end."""
    root, lines, marks = psutil.Process(process.pid), [], {"begin": 0.0, "end": 0.0}
    for line in process.stdout or ():
        if line.strip() in marks:
            marks[line.strip()] = tree_seconds(root)
        else:
            lines.append(line)
    return lines, marks["end"] - marks["begin"]
