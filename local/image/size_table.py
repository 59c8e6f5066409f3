"""An image's size as a person reads it, and as it is kept in a file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WIDTH = 88
SHOWN_PACKAGES = 15


def megabytes(size: int) -> str:
    """Write bytes as MB, of a million."""
    return f"{size / 1e6:,.1f}"


def lines(name: str, measured: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the table: layers, parts, the largest packages."""
    yield f"{name}: {megabytes(measured['packed'])} MB pulled, {megabytes(measured['unpacked'])} MB"
    yield "      pulled    unpacked  layer (MB)"
    for layer in measured["layers"]:
        made_by = layer["made_by"][: WIDTH - 24]
        packed, unpacked = megabytes(layer["packed"]), megabytes(layer["unpacked"])
        yield f"{packed:>12}{unpacked:>12}  {made_by}"
    yield "                unpacked  part (MB)"
    for part, size in measured["parts"].items():
        yield f"{megabytes(size):>24}  {part}"
    yield "                unpacked  package (MB)"
    items = list(measured["packages"].items())
    for package, size in items[:SHOWN_PACKAGES]:
        yield f"{megabytes(size):>24}  {package}"
    rest = items[SHOWN_PACKAGES:]
    if rest:
        yield f"{megabytes(sum(size for _, size in rest)):>24}  {len(rest)} others"


def keep(path: Path, name: str, measured: dict[str, Any], told: dict[str, str]) -> None:
    """Put an image's measures into a JSON file, in place of those it had there."""
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    found[name] = {**told, **measured}
    path.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
