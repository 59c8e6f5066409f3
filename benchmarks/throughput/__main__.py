"""Compare our job's throughput with what others would use, on the same photographs.

python -m benchmarks.throughput [--images 192] [--rounds 3] [--out benchmarks]

A quick look: --images 16 --rounds 1. Contenders take turns within a round, and each round begins
with another one, so that a machine that gets slower meanwhile does not favour anybody. ``--add``
adds rounds to a results file of the same machine and photographs.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from batch_inference.cpus import available_cpus
from benchmarks.machine import machine
from benchmarks.throughput.contender import CONTENDERS, Contender
from benchmarks.throughput.models import write_models
from benchmarks.throughput.outcome import Outcome
from benchmarks.throughput.photograph import files_in, mix_of, write
from benchmarks.throughput.run import run
from benchmarks.throughput.table import render
from detector.cache import cache_home

NAME = "throughput"
# The later of the two is the page.
SUFFIXES = (".json", ".md")


def turns(round_number: int, wanted: list[Contender]) -> list[Contender]:
    """Return the contenders in the order of a round."""
    first = round_number % len(wanted)
    return wanted[first:] + wanted[:first]


def earlier(path: Path, fresh: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the runs of a results file.

    Raises
    ------
    SystemExit
        If they were made elsewhere or with other photographs: then they do not compare.
    """
    if not path.exists():
        return []
    known = json.loads(path.read_text())
    for field in ("machine", "photographs"):
        if known[field] != fresh[field]:
            raise SystemExit(f"{path} has another {field}; measure all rounds anew, without --add")
    runs: list[dict[str, Any]] = known["runs"]
    return runs


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput", description=__doc__)
    parser.add_argument("--images", type=int, default=192)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", metavar="SCRIPT", help="ours, torch_loop, ...")
    parser.add_argument("--add", action="store_true", help="to the rounds that are there")
    parser.add_argument("--out", type=Path, default=Path("benchmarks"))
    arguments = parser.parse_args()
    cache, wanted = cache_home(), list(CONTENDERS)
    if arguments.only:
        wanted = [one for one in CONTENDERS if one.script in arguments.only]
    photographs, models = write(arguments.images, cache), write_models(cache)
    document: dict[str, Any] = {
        "machine": machine(),
        "photographs": asdict(mix_of(files_in(photographs))),
        "command": f"python -m benchmarks.throughput --images {arguments.images}",
        "runs": [],
    }
    data, page = (arguments.out / f"{NAME}{suffix}" for suffix in SUFFIXES)
    if arguments.add:
        document["runs"] = earlier(data, document)
    begin = max((one["round"] for one in document["runs"]), default=-1) + 1
    arguments.out.mkdir(parents=True, exist_ok=True)
    for number in range(begin, begin + arguments.rounds):
        for contender in turns(number, wanted):
            outcome = run(
                contender,
                number,
                photographs=photographs,
                models=models,
                threads=available_cpus(),
                cache=cache,
            )
            print(f"round {number}: {_said(outcome)}", file=sys.stderr, flush=True)
            document["runs"].append(asdict(outcome))
            data.write_text(json.dumps(document, indent=1) + "\n")
            page.write_text(render(document))
    return 0


def _said(outcome: Outcome) -> str:
    said = outcome.failure or f"{outcome.rate:.2f} images a second, {outcome.peak_mb:.0f} MB"
    return f"{outcome.contender}: {said}"


if __name__ == "__main__":
    sys.exit(main())
