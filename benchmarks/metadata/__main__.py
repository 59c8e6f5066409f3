"""Ask whether size, format and compression tables explain what the embedded detector says.

python -m benchmarks.metadata DATA --out benchmarks/metadata.json

Data sets leak: one class has other formats and sizes than the other. Boosted trees see those alone,
learn from all sources but the one they judge, and are held against the detector's own logits, which
are made in the same way. On copies recompressed as the web does, all files have one format and the
same tables.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.metadata.explain import explain, logits_of_files
from benchmarks.metadata.facts import COPIES, facts_of
from detector.cache import cache_home
from training import embedded, weights
from training.__main__ import progress_bar
from training.dataset import load_dataset
from training.fitting import Setting, versions
from training.head import read_head
from training.subject import head_subject


def figure(part: dict[str, float]) -> str:
    """Return a figure with its interval, for people."""
    return f"{part['value']:.2f} ({part['low']:.2f}-{part['high']:.2f})"


def render(document: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    lines = [
        "# What bare files say",
        "",
        f"{document['images']} images of {document['sources']} sources. A classifier that sees no "
        "pixel, only width, height, bytes, format, compression tables and which side information "
        "there is, against the embedded detector; both judge sources that they never learnt from. "
        "AUC, sources weigh the same, 95% bootstrap intervals. *Among equals*: the detector's AUC "
        "among images that their files make equally likely to be AI, the mean over fifths of the "
        "files' score. Rank correlation of the two scores within a class.",
        "",
        "| images as | bare files | detector | detector among equals | correlation, real | AI |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {copy} | {figure(row['files'])} | {figure(row['detector'])} | {figure(row['within'])} "
        f"| {row['real']:+.2f} | {row['ai']:+.2f} |"
        for copy, row in document["copies"].items()
    ]
    lines += ["", f"Command: `{document['command']}`."]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.metadata", description=__doc__)
    parser.add_argument("data", type=Path, help="labelled images: docs/datasets.md")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/metadata.json"))
    parser.add_argument("--cache", type=Path, default=cache_home())
    arguments = parser.parse_args()
    images = load_dataset(arguments.data).images
    record, head = read_head(embedded.DATA)
    with progress_bar(Console(stderr=True)) as progress:
        encoder = weights.load(weights.name_of(record.encoder), arguments.cache)
        setting = Setting(encoder, arguments.cache, progress=progress)
        logits = head_subject(images, record, head, setting).score(images, COPIES)
    copies = {}
    for copy in COPIES:
        files = logits_of_files(facts_of(images, copy), images)
        copies[copy.value] = explain(files, logits[copy], images).record()
    document = {
        "command": f"python -m benchmarks.metadata DATA --out {arguments.out}",
        "images": len(images),
        "sources": len({image.source for image in images}),
        "built_with": versions(),
        "copies": copies,
    }
    arguments.out.write_text(json.dumps(document, indent=2) + "\n")
    arguments.out.with_suffix(".md").write_text(render(document))
    print(render(document))
    return 0


if __name__ == "__main__":
    sys.exit(main())
