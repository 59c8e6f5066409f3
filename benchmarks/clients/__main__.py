"""Measure clients that fetch many photographs from S3: requests a second, processor time of each.

python -m benchmarks.clients [--copies 8] [--rounds 5] [--out benchmarks/clients.json]

From this machine's own S3, over HTTP without TLS. Each client runs in a process of its own, with as
many GETs in flight as the job has; they take turns.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.environment import environment
from benchmarks.machine import machine
from benchmarks.s3_server import LocalS3, local_s3
from benchmarks.throughput.batch import BUCKET, upload
from benchmarks.throughput.photograph import files_in, mix_of, write
from detector.cache import cache_home

IMAGES = 192
SCRIPTS = Path(__file__).parent / "contenders"
# What each asks of the registry; nothing: the project's own environment.
CONTENDERS: dict[str, tuple[str, ...]] = {
    "boto3_threads": (),
    "obstore_threads": (),
    "aiobotocore_tasks": ("aiobotocore==3.10.0",),
    "s3torchconnector_threads": ("s3torchconnectorclient==1.5.0",),
}


def run(name: str, storage: LocalS3, wishes: list[tuple[str, str]]) -> dict[str, Any]:
    """Let one client fetch all once, in a fresh process.

    Raises
    ------
    subprocess.CalledProcessError
        If it fails; its own message is on stderr.
    """
    needs = CONTENDERS[name]
    python = environment(needs, cache_home()) if needs else Path(sys.executable)
    done = subprocess.run(
        [str(python), str(SCRIPTS / f"{name}.py"), BUCKET],
        input=json.dumps(wishes),
        env={**os.environ, **storage.environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clients", description=__doc__)
    parser.add_argument("--copies", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/clients.json"))
    arguments = parser.parse_args()
    paths = files_in(write(IMAGES, cache_home()))
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in CONTENDERS}
    with tempfile.TemporaryDirectory() as folder, local_s3(Path(folder)) as storage:
        entries = upload(storage.client(), paths, arguments.copies)
        wishes = [(entry.key, f'"{entry.etag}"') for entry in entries]
        expected = sum(entry.size or 0 for entry in entries)
        for number in range(arguments.rounds):
            for name, known in runs.items():
                known.append(run(name, storage, wishes))
                print(f"round {number}: {name}: {known[-1]}", file=sys.stderr, flush=True)
                if known[-1]["bytes"] != expected:
                    raise SystemExit(f"{name} read other bytes than were put: no measurement")
    median = {
        name: {
            field: round(statistics.median(one[field] for one in known), 3)
            for field in ("gets_a_second", "processor_ms")
        }
        for name, known in runs.items()
    }
    result = {
        "machine": machine(),
        "photographs": asdict(mix_of(paths)),
        "command": "python -m benchmarks.clients",
        "versions": {name: known[0]["version"] for name, known in runs.items()},
        "runs": runs,
        "median": median,
    }
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(median, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
