"""Running one contender once."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from benchmarks.environment import EnvironmentFailedError
from benchmarks.throughput.contender import Contender
from benchmarks.throughput.memory_watch import MemoryWatch
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
    command += [str(photographs), str(models), str(threads)]
    environ = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore"}
    # Ours runs from this folder; the others must not find its packages.
    environ["PYTHONPATH"] = "" if contender.requirements else str(Path.cwd())
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=said, text=True, env=environ
        )
        with process, MemoryWatch(process.pid) as watch:
            try:
                output, _ = process.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                return Outcome(contender.name, number, failure=f"no end in {SECONDS} seconds")
        if process.returncode:
            said.seek(0)
            last = (said.read().strip().splitlines() or ["it said nothing"])[-1]
            return Outcome(contender.name, number, failure=f"status {process.returncode}: {last}")
    found = json.loads(output.strip().splitlines()[-1])
    return Outcome(contender.name, number, found, round(watch.peak / 1e6))
