"""Judge rivals on the very images and copies that our embedded detector was judged on.

python -m benchmarks.rivals DATA --out benchmarks/rivals

A rival runs as it is installed, at the threshold that its authors publish, in an environment of its
own that is made from the package registry. Ours stands beside it as committed in
benchmarks/detection: every image scored by heads that never saw its source.
"""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from benchmarks.rivals.rival import RIVALS, Scorer
from benchmarks.rivals.table import render
from detector.cache import cache_home
from detector.evaluation import Report
from training.__main__ import progress_bar
from training.dataset import load_dataset
from training.evaluation import judge, write_report
from training.head import EVALUATION_FILE
from training.outsider import outsider

OURS = Path("benchmarks/detection") / EVALUATION_FILE


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rivals", description=__doc__)
    parser.add_argument("data", type=Path, help="labelled images: docs/datasets.md")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/rivals"))
    arguments = parser.parse_args()
    console = Console(stderr=True)
    dataset = load_dataset(arguments.data)
    reports = [Report.parse(OURS.read_bytes(), where=str(OURS))]
    for rival in RIVALS:
        console.print(f"{rival.name}: {rival.about}")
        with progress_bar(console) as progress, Scorer(rival, cache_home()) as scorer:
            subject = outsider(rival.name, scorer.predict, rival.decision, progress)
            found = judge(
                subject,
                dataset.images,
                data=dataset.root.name,
                command=f"python -m benchmarks.rivals DATA --out {arguments.out}",
            )
        write_report(found, arguments.out / rival.package)
        reports.append(found.report)
    (arguments.out / "README.md").write_text(render(reports))
    return 0


if __name__ == "__main__":
    sys.exit(main())
