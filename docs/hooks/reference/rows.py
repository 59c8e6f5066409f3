"""The result row and its codes."""

from detector import evidence
from detector.provenance import MEANINGS
from detector.reason import Reason
from detector.row import COLUMNS, PARTITION_COLUMNS
from docs.hooks.table import cell, code, table


def columns() -> str:
    """Return the columns of a result row."""
    rows = [
        (code(c.name), c.type, "yes" if c.nullable else "no", cell(c.meaning))
        for c in (*COLUMNS, *PARTITION_COLUMNS)
    ]
    return table(("column", "type", "null", "meaning"), rows)


def reasons() -> str:
    """Return the reasons of error rows."""
    rows = [(code(reason.value), cell(reason.sentence)) for reason in Reason]
    return table(("reason", "what happened, what to do"), rows)


def claims() -> str:
    """Return the claims of provenance, strongest first."""
    rows = [(code(k.value), cell(m.badge), cell(m.sentence)) for k, m in MEANINGS.items()]
    return table(("claim", "shown as", "meaning"), rows)


def evidence_columns() -> str:
    """Return the columns of an evidence object."""
    rows = [(code(c.name), c.type, cell(c.meaning)) for c in evidence.COLUMNS]
    return table(("column", "type", "meaning"), rows)
