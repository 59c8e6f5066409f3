"""What the steps took, as a page."""

from typing import Any

# Which step of a batch is which function of template.yaml; a child is a job.
FUNCTIONS = {"plan": "PlanFunction", "close": "CollectFunction"}
ABOUT = {
    "start": "importing all of it, doing nothing",
    "plan": "prefix listed, manifest written, shards cut, detector pinned: the plan function",
    "child, first": "one array child: slice of the manifest, 100 images, a record",
    "child, last": "the same at the manifest's end",
    "close": "every record read, summary, costs, report: the collect function",
}


def render(document: dict[str, Any]) -> str:
    """Return Markdown."""
    sizes = [size["images"] for size in document["sizes"]]
    lines = [
        "# Scale",
        "",
        "Everything but the model: the handlers that AWS calls and the scorer's own code, on "
        "synthetic manifests, a local S3 and an engine that takes means. A hundred images a shard, "
        f"so that {sizes[-1]:,} images are an array of "
        f"{document['sizes'][-1]['steps']['plan']['shards']:,} children. Each step in a process of "
        "its own; seconds of a processor, and peak memory in MB.",
        "",
        "| step | " + " | ".join(f"{size:,} images" for size in sizes) + " | Lambda allows |",
        "|---|" + "---|" * (len(sizes) + 1),
    ]
    for step, about in ABOUT.items():
        cells = [_cell(size["steps"][step]) for size in document["sizes"]]
        lines.append(f"| **{step}**: {about} | {' | '.join(cells)} | {_allowed(document, step)} |")
    lines += [
        "",
        "An image's share of the time, in processor microseconds:",
        "",
        "| step | " + " | ".join(f"{size:,} images" for size in sizes) + " |",
        "|---|" + "---|" * len(sizes),
    ]
    for step in FUNCTIONS:
        shares = [
            f"{1e6 * size['steps'][step]['processor_seconds'] / size['images']:.0f}"
            for size in document["sizes"]
        ]
        lines.append(f"| {step} | {' | '.join(shares)} |")
    sizes_told = ", ".join(
        f"{size['manifest_mb']:.1f} MB for {size['images']:,}" for size in document["sizes"]
    )
    lines += [
        "",
        f"The manifest, which plan keeps on its disk of {document['disk_mb']} MB: {sizes_told}.",
        "",
        f"Command: `{document['command']}`.",
    ]
    return "\n".join(lines) + "\n"


def _cell(step: dict[str, Any]) -> str:
    return f"{step['processor_seconds']:.1f} s, {step['peak_mb']:.0f} MB"


def _allowed(document: dict[str, Any], step: str) -> str:
    limits = document["functions"].get(FUNCTIONS.get(step, ""))
    return f"{limits['seconds']} s, {limits['memory_mb']} MB" if limits else ""
