"""What a row's file says of its origin, in words. Claims, never a verdict."""

from typing import Any, NamedTuple

from detector.provenance import MEANINGS, Claim


class Said(NamedTuple):
    """One claim: its code, a badge of a word or two, and a sentence."""

    code: str
    badge: str
    sentence: str


def _said(code: str) -> Said:
    try:
        meaning = MEANINGS[Claim(code)]
    except ValueError:  # a newer scorer wrote it
        shown = "".join(c for c in code if c.isprintable())
        return Said(code, shown, "This version does not know the claim; update aidetect.")
    return Said(code, meaning.badge, meaning.sentence)


def claims_of(row: dict[str, Any]) -> tuple[Said, ...]:
    """Return the claims of a result row, in the column's order; rows of old have none."""
    codes = str(row.get("provenance") or "").split(",")
    return tuple(_said(code) for code in codes if code)
