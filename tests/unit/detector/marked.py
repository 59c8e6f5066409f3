"""Corrections as a reviewer's page writes them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from detector.feedback import Correction
from detector.marks import Mark

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def a_line(**changes: Any) -> dict[str, Any]:
    """Return one line as plain data."""
    return {
        "schema": "aidetect.feedback/1",
        "batch": "b1",
        "image": "s3://intake/intake/a.jpg",
        "label": "real",
        "verdict": "ai",
        "probability": 0.9,
        "detector": "probe@1",
        "marked_at": NOON.isoformat(),
        "reviewer": "ann",
        "sha256": None,
    } | changes


def as_lines(*lines: dict[str, Any]) -> bytes:
    """Return a page's object."""
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def a_mark(minutes: float = 0, **changes: Any) -> Mark:
    """Return a mark, so many minutes after noon."""
    at = NOON + timedelta(minutes=minutes)
    line = a_line(marked_at=at.isoformat(), **changes)
    return Mark(Correction.model_validate(line), at)
