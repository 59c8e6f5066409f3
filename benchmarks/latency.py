"""Seconds from the drop of one photograph to its stored verdict, on the local stack that runs.

Repeat: aidetect local up && python benchmarks/latency.py --runs 10 --out benchmarks/latency.json
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from aidetect.samples import write_samples


def one_run(photo: Path) -> float:
    """Return the seconds of one ``aidetect score`` as a whole process, its start included."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", "from aidetect.main import app; app()", "score", str(photo)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - began


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photos = write_samples(Path(folder))
        seconds = [one_run(photos[n % len(photos)]) for n in range(arguments.runs)]
    result = {
        "what": "whole process of `aidetect score PHOTO`, seconds",
        "seconds": [round(s, 2) for s in seconds],
        "median": round(statistics.median(seconds), 2),
        "max": round(max(seconds), 2),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} CPUs",
        "python": platform.python_version(),
        "onnxruntime": version("onnxruntime"),
    }
    arguments.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
