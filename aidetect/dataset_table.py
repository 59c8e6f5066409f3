"""An audit as a table for the terminal."""

from rich.console import Group
from rich.table import Table
from rich.text import Text

from aidetect.table import printable
from training.data.audit import Audit

MOST_SOURCES = 30
STYLES = {"ai": "red", "real": "green"}


def _sources(found: Audit) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("source", overflow="fold")
    table.add_column("class")
    table.add_column("split")
    table.add_column("images", justify="right")
    table.add_column("MB", justify="right")
    shown = sorted(found.groups, key=lambda group: -group.images)[:MOST_SOURCES]
    for group in shown:
        table.add_row(
            Text(printable(group.source)),
            Text(group.label.value, style=STYLES[group.label.value]),
            group.split or "open",
            f"{group.images:,}",
            f"{group.bytes / 1e6:.1f}",
        )
    return table


def _facts(found: Audit) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    classes = ", ".join(f"{count:,} {name}" for name, count in found.classes.items())
    table.add_row("images", f"{found.images:,} ({classes}), {found.bytes / 1e6:,.1f} MB")
    for name, counts in found.formats.items():
        told = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
        table.add_row(f"formats of {name}", told or "none")
    table.add_row("exact copies left out", f"{found.duplicates:,}")
    near = found.near
    table.add_row(
        "near-duplicates",
        f"{near.images:,} in {near.groups:,} groups, {near.between_classes:,} of both classes",
    )
    rejected = ", ".join(f"{count:,} {reason}" for reason, count in found.rejected.items())
    table.add_row("rejected files", rejected or "none")
    auc, unseen = found.shortcut.auc, found.shortcut.auc_by_source
    if auc is not None:
        beside = "" if unseen is None else f"; on unseen sources {unseen:.2f}"
        table.add_row("AUC of format and size", f"{auc:.2f}{beside} (0.50 is best)")
    return table


def audit_view(found: Audit) -> Group:
    """Draw an audit: facts, sources, and what is wrong."""
    lines = [Text(f"error: {printable(error)}", style="bold red") for error in found.errors]
    lines += [Text(f"warning: {printable(warning)}", style="yellow") for warning in found.warnings]
    more = len(found.groups) - MOST_SOURCES
    rest = [Text(f"… and {more} more", style="dim")] if more > 0 else []
    return Group(_facts(found), Text(""), _sources(found), *rest, Text(""), *lines)
