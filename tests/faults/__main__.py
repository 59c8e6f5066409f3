"""Inject faults into a local stack of its own: python -m tests.faults --trials 20

Goes on where an earlier run stopped, until every fault has its trials. Ends with 1 where a promise
was broken; such trials are kept in the result and printed.
"""

import argparse
import json
import os
import platform
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.faults.catalogue import FAULTS
from tests.faults.own_stack import own_scene
from tests.faults.restart import restarts
from tests.faults.table import render
from tests.integration.conftest import PARAMETERS

ALL = [*FAULTS, *restarts(PARAMETERS)]


def _save(path: Path, trials: dict[str, list[dict[str, Any]]]) -> None:
    document = {
        "command": "python -m tests.faults " + shlex.join(sys.argv[1:]),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} CPUs",
        "python": platform.python_version(),
        "trials": trials,
    }
    new = path.with_suffix(".new")
    new.write_text(json.dumps(document, indent=1) + "\n")
    new.replace(path)
    told = {fault.name: fault.what for fault in ALL}
    path.with_suffix(".md").write_text("# Faults\n\n" + render(trials, told))


def say(text: str) -> None:
    """Show a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/faults.json"))
    parser.add_argument("--fault", nargs="*", help="only these")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    trials: dict[str, list[dict[str, Any]]] = {}
    if arguments.out.is_file():
        trials = json.loads(arguments.out.read_text())["trials"]
    chosen = [f for f in ALL if not arguments.fault or f.name in arguments.fault]
    seed = arguments.seed + sum(map(len, trials.values()))
    with own_scene(PARAMETERS, seed, say) as made:
        # Round by round, so that a stopped run has some of each.
        for number in range(arguments.trials):
            for fault in chosen:
                done = trials.setdefault(fault.name, [])
                if len(done) > number:
                    continue
                trial = fault.run(made, fault.name)
                done.append(trial.record())
                _save(arguments.out, trials)
                mark = "kept" if trial.kept else f"BROKEN {trial.record()}"
                say(f"{number + 1:3} {fault.name:24} {trial.seconds:6.1f} s {mark}")
    say(arguments.out.with_suffix(".md").read_text())
    kept = ("lost", "doubled", "unscored", "broken", "stuck")
    return int(any(trial[k] for done in trials.values() for trial in done for k in kept))


if __name__ == "__main__":
    sys.exit(main())
