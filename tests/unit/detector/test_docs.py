"""The documentation of rows and reasons says what the code says."""

from pathlib import Path

from detector import evidence
from detector.reason import Reason
from detector.row import COLUMNS, PARTITION_COLUMNS

RESULTS = Path(__file__).parents[3] / "docs" / "results.md"


def columns_table() -> str:
    """Return the Markdown table of all columns."""
    lines = ["| column | type | null | meaning |", "|---|---|---|---|"]
    for column in (*COLUMNS, *PARTITION_COLUMNS):
        null = "yes" if column.nullable else "no"
        lines.append(f"| `{column.name}` | {column.type} | {null} | {column.meaning} |")
    return "\n".join(lines)


def reasons_table() -> str:
    """Return the Markdown table of all reason codes."""
    lines = ["| reason | what happened, what to do |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{reason}` | {reason.sentence} |" for reason in Reason)])


def evidence_table() -> str:
    """Return the Markdown table of an evidence object's columns."""
    lines = ["| column | type | meaning |", "|---|---|---|"]
    rows = (
        f"| `{column.name}` | {column.type} | {column.meaning} |" for column in evidence.COLUMNS
    )
    return "\n".join([*lines, *rows])


def test_columns_are_documented() -> None:
    assert columns_table() in RESULTS.read_text()


def test_reasons_are_documented() -> None:
    assert reasons_table() in RESULTS.read_text()


def test_evidence_is_documented() -> None:
    assert evidence_table() in RESULTS.read_text()
