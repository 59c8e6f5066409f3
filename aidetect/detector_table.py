"""Released detectors and the promotion log as a person reads them."""

from collections.abc import Iterable

from rich.console import Group
from rich.table import Table
from rich.text import Text

from aidetect.table import printable
from detector.package import DetectorPackage
from detector.promotion import Action, Promotion

CHAMPION = "champion"
STYLES = {Action.PROMOTE: "green", Action.ROLLBACK: "yellow"}
# Of training/report.py, on clean copies of sources that the detector never saw.
FIGURES = {"real_right": "real", "ai_right": "AI", "auc": "AUC"}


def history_view(entries: Iterable[Promotion]) -> Group:
    """Draw the promotion log, the oldest entry first: what happened, and below it who and why."""
    lines: list[Text] = []
    for entry in entries:
        when = entry.at[:16].replace("T", " ")
        line = Text(f"{entry.number:>3}  {when}  ", style="dim")
        line.append(f"{entry.action.value:8} ", style=STYLES[entry.action])
        line.append(str(entry.detector), style="bold")
        lines.append(line)
        why = f", because: {printable(entry.reason)}" if entry.reason else ""
        instead = f"instead of {entry.previous}, " if entry.previous else ""
        lines.append(Text(f"     {instead}by {printable(entry.by)}{why}"))
    return Group(*lines)


def _figure(package: DetectorPackage, name: str) -> str:
    """Return a figure on clean copies: of the run's own test sources, else of those held out."""
    found = (package.metrics.get(f"{on}.clean.{name}") for on in ("test", "held_out"))
    return next((f"{value:.2f}" for value in found if value is not None), "")


def released_table(packages: Iterable[DetectorPackage], *, champion: str) -> Table:
    """Draw the released detectors with their accuracy on unseen sources, the champion marked.

    Figures of different test sets do not compare; that is what a training run's gate is for.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, width in (("", len(CHAMPION)), ("detector", None)):
        table.add_column(name, no_wrap=True, min_width=width)
    for name in FIGURES.values():
        table.add_column(name, justify="right", min_width=4)
    for package in packages:
        name = f"{package.name}@{package.version}"
        table.add_row(
            Text(CHAMPION, style="green") if name == champion else "",
            name,
            *(_figure(package, key) for key in FIGURES),
        )
    return table
