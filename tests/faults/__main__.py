"""Inject faults into a local stack of its own: python -m tests.faults --trials 20

Goes on where an earlier run stopped, until every fault has its trials; runs of different faults may
share a result and go side by side. Ends with 1 where a promise was broken; such trials are kept in
the result and printed.
"""

import argparse
import fcntl
import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.faults.catalogue import FAULTS, OUTAGES
from tests.faults.measured import measured, say
from tests.faults.own_stack import own_scene
from tests.faults.restart import restarts
from tests.faults.table import render
from tests.integration.conftest import PARAMETERS

ALL = [*FAULTS, *OUTAGES, *restarts(PARAMETERS)]
Trials = dict[str, list[dict[str, Any]]]


def _read(path: Path) -> Trials:
    trials: Trials = json.loads(path.read_text())["trials"] if path.is_file() else {}
    return trials


def _add(path: Path, fault: str, trial: dict[str, Any]) -> None:
    """Add a trial to those on disk, where another run may have added some meanwhile."""
    # The folder is what is locked: the file is another one after each trial.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        trials = _read(path)
        trials.setdefault(fault, []).append(trial)
        trials = {each.name: trials[each.name] for each in ALL if each.name in trials}
        document = measured("tests.faults") | {"trials": trials}
        new = path.with_suffix(".new")
        new.write_text(json.dumps(document, indent=1) + "\n")
        new.replace(path)
        told = {each.name: each.what for each in ALL}
        path.with_suffix(".md").write_text("# Faults\n\n" + render(trials, told))
    finally:
        os.close(folder)


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/faults.json"))
    parser.add_argument("--fault", nargs="*", help="only these")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chosen = [f for f in ALL if not arguments.fault or f.name in arguments.fault]
    trials = _read(arguments.out)
    missing = {f.name: arguments.trials - len(trials.get(f.name, [])) for f in chosen}
    seed = arguments.seed + sum(map(len, trials.values()))
    with own_scene(PARAMETERS, seed, say) as made:
        # Round by round, so that a stopped run has some of each.
        for left in range(arguments.trials, 0, -1):
            for fault in chosen:
                if missing[fault.name] < left:
                    continue
                trial = fault.run(made, fault.name)
                _add(arguments.out, fault.name, trial.record())
                mark = "kept" if trial.kept else f"BROKEN {trial.record()}"
                say(f"{left - 1:3} left {fault.name:24} {trial.seconds:6.1f} s {mark}")
    say(arguments.out.with_suffix(".md").read_text())
    kept = ("lost", "doubled", "unscored", "broken", "stuck")
    ended = _read(arguments.out)
    return int(any(trial[k] for f in chosen for trial in ended.get(f.name, []) for k in kept))


if __name__ == "__main__":
    sys.exit(main())
