"""Released detectors and the promotion log as a person reads them."""

from collections.abc import Iterable

from rich.markup import escape
from rich.table import Table

from aidetect.table import printable
from detector.package import DetectorPackage
from detector.promotion import Promotion

# Of training/report.py, on clean copies of sources that the detector never saw.
FIGURES = {"real_right": "real right", "ai_right": "AI right", "auc": "AUC"}


def history_table(entries: Iterable[Promotion]) -> Table:
    """Draw the promotion log, the oldest entry first."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("", "when", "what", "detector", "instead of", "by", "reason"):
        table.add_column(name, overflow="fold", no_wrap=name == "detector")
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


def _figure(package: DetectorPackage, name: str) -> str:
    """Return a figure on clean copies: of the run's own test sources, else of those held out."""
    found = (package.metrics.get(f"{on}.clean.{name}") for on in ("test", "held_out"))
    return next((f"{value:.3f}" for value in found if value is not None), "")


def released_table(packages: Iterable[DetectorPackage], *, champion: str) -> Table:
    """Draw the released detectors with their accuracy on unseen sources, the champion marked.

    Figures of different test sets do not compare; that is what a training run's gate is for.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    table.add_column("detector", no_wrap=True)
    for name in ("made", "encoder", "graphs"):
        table.add_column(name, overflow="fold")
    for name in FIGURES.values():
        table.add_column(name, justify="right")
    for package in packages:
        name = f"{package.name}@{package.version}"
        table.add_row(
            "champion" if name == champion else "",
            name,
            package.created_at[:10],
            escape(printable(package.encoder.name)),
            ", ".join(sorted(package.graphs)),
            *(_figure(package, key) for key in FIGURES),
        )
    return table
