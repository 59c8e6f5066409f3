"""Fuzz what opens hostile files: python -m tests.fuzz --target decoder --runs 1000000

Goes on where an earlier run stopped; --fresh begins anew. Inputs that broke something are kept
under .aidetect/fuzz/TARGET/findings, each kind with its traceback.
"""

import argparse
import json
import os
import platform
import shlex
import shutil
import signal
import sys
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tests.fuzz.campaign import Campaign
from tests.fuzz.engine import ATHERIS, CHANCE, available

TARGETS = ("decoder", "archive", "provenance")
FOLDER = Path(".aidetect/fuzz")
VERSIONED = ("atheris", "pillow", "numpy", "c2pa-python")


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in VERSIONED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _record(campaign: Campaign) -> dict[str, Any]:
    state = campaign.state
    return {
        "executions": state.executions,
        "seconds": state.seconds,
        "executions_a_second": round(state.executions / max(0.1, state.seconds)),
        "outcomes": state.outcomes,
        "crashes_hangs_and_kills": state.deaths,
        "slowest_cpu_seconds": state.slowest,
        "peak_resident_mib": state.peak_mib,
        "kinds_of_finding": sorted(campaign.findings()),
        "engine": campaign.engine,
        "command": "python -m tests.fuzz " + shlex.join(sys.argv[1:]),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} CPUs, nice {os.nice(0)}",
        "versions": _versions(),
    }


def main() -> int:
    """Fuzz, report, and return 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", choices=TARGETS, default="decoder")
    parser.add_argument("--runs", type=int, default=1_000_000, help="executions in all")
    parser.add_argument("--engine", choices=(ATHERIS, CHANCE), default=available())
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--out", type=Path, help="write the counts of this target into this JSON")
    parser.add_argument("--input", type=Path, help="run only this one, here, and show what happens")
    parser.add_argument("--fresh", action="store_true", help="forget what earlier runs did")
    asked = parser.parse_args()
    if asked.input:
        module = import_module(f"tests.fuzz.{asked.target}_target")
        module.prepare()
        sys.stdout.write(f"{module.TARGET.run(asked.input.read_bytes())}\n")
        return 0
    folder = asked.folder / asked.target
    if asked.fresh:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)

    def tell(line: str) -> None:
        sys.stderr.write(f"{asked.target}: {line}\n")

    # So that the child ends with this process.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    campaign = Campaign(asked.target, asked.engine, folder, tell)
    try:
        campaign.run(asked.runs)
    finally:
        record = _record(campaign)
        if asked.out:
            kept = json.loads(asked.out.read_text("utf-8")) if asked.out.exists() else {}
            kept |= {asked.target: record}
            asked.out.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")
        sys.stdout.write(json.dumps(record, indent=2) + "\n")
    for kind, inputs in campaign.findings().items():
        tell(f"found {kind}: {' '.join(inputs)}")
    return 1 if campaign.findings() else 0


if __name__ == "__main__":
    sys.exit(main())
