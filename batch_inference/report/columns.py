"""The rows of a page as compact columns, and apart from them what is looked at one by one."""

import base64
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from batch_inference.report.pick import Shown

# Columns with few values: the values once, and a number for each row.
_CODED = ("bucket", "verdict", "reason", "lane", "detector", "provenance", "generator", "format")
_PLAIN = ("key", "member", "entry", "width", "height")
# Kept apart, image by image, and read when it is looked at.
_LATER = ("sha256", "etag", "object_version", "bytes", "logit", "graph", "detail")
FURTHER = ("thumbnail", "heat", "side", "peak", "crop", *_LATER, "provenance_detail")
# What thumbnails, heat maps and details may take of the page, as base64, in bytes. With the rows'
# own text (about 1 MB) the page stays near 25 MB, which a browser opens in a second or two.
BUDGET = 22_000_000
# To how many significant digits a number is shown: more than a float32 holds would be noise.
DIGITS = 6


def rounded(value: float | None) -> float | None:
    """Return a number to :data:`DIGITS` significant digits."""
    return None if value is None else float(f"{value:.{DIGITS}g}")


def main_columns(shown: Sequence[Shown]) -> dict[str, Any]:
    """Return what filters, sorting and cards need of every row."""
    rows = [image.row for image in shown]
    columns: dict[str, Any] = {name: _coded(row.get(name) for row in rows) for name in _CODED}
    columns |= {name: [row.get(name) for row in rows] for name in _PLAIN}
    columns["probability"] = [rounded(row.get("probability")) for row in rows]
    columns["scored_at"] = [_milliseconds(row.get("scored_at")) for row in rows]
    return columns


def within_budget(ranked: Sequence[Shown], budget: int = BUDGET) -> set[int]:
    """Return the ids of those whose evidence fits, the most telling first."""
    fits, left = set(), budget
    for image in ranked:
        left -= _weight(image)
        if left >= 0:
            fits.add(id(image))
    return fits


def further(image: Shown, *, fits: bool) -> list[Any]:
    """Return the rest of a row, a list of :data:`FURTHER`; what takes space only if it fits."""
    evidence = image.evidence if fits else None
    heat = evidence.heat if evidence else None
    thumbnail = evidence.thumbnail if evidence else None
    row = image.row | {"logit": rounded(image.row.get("logit"))}
    return [
        None if thumbnail is None else base64.b64encode(thumbnail).decode(),
        None if heat is None else base64.b64encode(heat.values).decode(),
        heat.side if heat else None,
        rounded(heat.peak) if heat else None,
        [rounded(share) for share in evidence.crop] if evidence and evidence.crop else None,
        *(row.get(name) for name in _LATER),
        row.get("provenance_detail") if fits else None,
    ]


def _weight(image: Shown) -> int:
    evidence = image.evidence
    held = len(evidence.thumbnail or b"") if evidence else 0
    held += len(evidence.heat.values) if evidence and evidence.heat else 0
    return held * 4 // 3 + len((image.row.get("provenance_detail") or "").encode())


def _coded(values: Iterable[Any]) -> dict[str, Any]:
    known: dict[Any, int] = {}
    codes = [known.setdefault(value, len(known)) for value in values]
    return {"values": list(known), "codes": codes}


def _milliseconds(value: object) -> int | None:
    return round(value.timestamp() * 1000) if isinstance(value, datetime) else None
