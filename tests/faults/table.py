"""The matrix of faults as a table."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

HEAD = (
    "| fault | what happens | trials | images | lost | doubled | stuck | promises broken "
    "| seconds, median | at most |"
)


def render(trials: Mapping[str, Sequence[Mapping[str, Any]]], what: Mapping[str, str]) -> str:
    """Return the table, a line a fault, in the order of the catalogue."""
    lines = [HEAD, "|---|---|" + "---|" * 8]
    for name, told in what.items():
        found = trials.get(name, ())
        if found:
            seconds = [trial["seconds"] for trial in found]
            cells = [
                name,
                told,
                len(found),
                sum(trial["images"] for trial in found),
                sum(trial["lost"] + trial["unscored"] for trial in found),
                sum(trial["doubled"] for trial in found),
                sum(len(trial["stuck"]) for trial in found),
                sum(len(trial["broken"]) for trial in found),
                f"{statistics.median(seconds):.1f}",
                f"{max(seconds):.1f}",
            ]
            lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"
