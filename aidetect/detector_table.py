"""Released detectors and the promotion log as a person reads them."""

from collections.abc import Iterable

from rich.markup import escape
from rich.table import Table

from aidetect.table import printable
from detector.package import DetectorPackage
from detector.promotion import Promotion


def history_table(entries: Iterable[Promotion]) -> Table:
    """Draw the promotion log, the oldest entry first."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("", "when", "what", "detector", "instead of", "by", "reason"):
        table.add_column(name, overflow="fold")
    for entry in entries:
        table.add_row(
            str(entry.number),
            entry.at[:16].replace("T", " "),
            entry.action.value,
            str(entry.detector),
            str(entry.previous or ""),
            escape(printable(entry.by)),
            escape(printable(entry.reason)),
        )
    return table


def released_table(packages: Iterable[DetectorPackage], *, champion: str) -> Table:
    """Draw the released detectors, the champion marked."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("", "detector", "made", "encoder", "graphs", "figures"):
        table.add_column(name, overflow="fold")
    for package in packages:
        name = f"{package.name}@{package.version}"
        figures = (f"{key} {value:.3f}" for key, value in sorted(package.metrics.items()))
        table.add_row(
            "champion" if name == champion else "",
            name,
            package.created_at[:10],
            escape(printable(package.encoder.name)),
            ", ".join(sorted(package.graphs)),
            ", ".join(figures),
        )
    return table
