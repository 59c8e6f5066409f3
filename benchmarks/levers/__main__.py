"""Try every lever that needs no tuning of the encoder, leaving each source out in turn.

python -m benchmarks.levers DATA --out benchmarks/levers.json

Takes an hour of two slow cores for the encoder's features; a run that is stopped goes on.
"""

import argparse
import json
import shlex
import sys
from pathlib import Path

from rich.console import Console

from benchmarks.levers.feature import look
from benchmarks.levers.lever import all_levers
from benchmarks.levers.measure import measure
from benchmarks.levers.table import render
from detector.cache import cache_home
from training.__main__ import progress_bar
from training.dataset import load_dataset
from training.fitting import versions
from training.ladder import choose

PER_GROUP = 60
VIEWS = ["resized", "native"]


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.levers", description=__doc__)
    parser.add_argument("data", type=Path, help="labelled images: docs/datasets.md")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/levers.json"))
    parser.add_argument("--cache", type=Path, default=cache_home())
    parser.add_argument(
        "--per-group", type=int, default=PER_GROUP, help="images of each class of each source"
    )
    parser.add_argument(
        "--views", nargs="+", default=VIEWS, help="ways to look: benchmarks/levers/view.py"
    )
    arguments = parser.parse_args()
    console = Console(stderr=True)
    dataset = load_dataset(arguments.data)
    images = [dataset.images[i] for i in choose(dataset.images, arguments.per_group)]
    with progress_bar(console) as progress:
        looks = look(images, arguments.cache, arguments.views, progress)
    levers = all_levers(looks)
    baseline = levers[0].score(looks, images)
    rows = []
    for lever in levers:
        found = measure(lever.score(looks, images), baseline, images)
        console.print(f"{lever.name:18} AUC {found.mean_auc:.3f} ({found.gain:+.3f})")
        rows.append(
            {
                "lever": lever.name,
                "what": lever.what,
                "expected": lever.expected,
                "encoder_passes": round(lever.cost, 2),
                **found.record(),
            }
        )
    views = ["--views", *arguments.views] if arguments.views != VIEWS else []
    command = "python -m benchmarks.levers DATA " + shlex.join(
        ["--per-group", str(arguments.per_group), *views, "--out", str(arguments.out)]
    )
    document = {
        "command": command,
        "images": len(images),
        "sources": len({image.source for image in images}),
        "built_with": versions(),
        "levers": rows,
    }
    arguments.out.write_text(json.dumps(document, indent=2) + "\n")
    arguments.out.with_suffix(".md").write_text(render(document))
    return 0


if __name__ == "__main__":
    sys.exit(main())
