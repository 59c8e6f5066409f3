"""A few rows as HTML for a notebook. Every name in it may be hostile, and is escaped."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from aidetect.claims import claims_of

COLUMNS = ("image", "verdict", "P(ai)", "about", "the file says")


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    probability = "" if row["probability"] is None else f"{row['probability']:.2f}"
    about = (
        f"{row['reason']}: {row['detail'] or ''}"
        if row["reason"] is not None
        else f"{row['format']} {row['width']}x{row['height']}"
    )
    said = ", ".join(claim.badge for claim in claims_of(dict(row)))
    return (str(row["image"]), str(row["verdict"]), probability, about, said)


def results_html(rows: Sequence[Mapping[str, Any]], counts: Mapping[str, int] | None) -> str:
    """Return a table of the rows given, and one line below it.

    Parameters
    ----------
    rows
        The first rows, by column name.
    counts
        Rows by verdict, of all rows; None where nobody has counted them.
    """
    head = "".join(f"<th>{escape(name)}</th>" for name in COLUMNS)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in _cells(row)) + "</tr>"
        for row in rows
    )
    if counts is None:
        foot = f"the first {len(rows)} rows; Results.summary counts them all"
    else:
        parts = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        foot = f"{sum(counts.values())} images: {parts}"
    return (
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{escape(foot)}</p>"
    )
