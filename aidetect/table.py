"""Verdicts as a person reads them."""

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from aidetect.digest import ORDER, Digest
from aidetect.results import Row
from detector.reason import Reason

STYLES = {"ai": "bold red", "real": "green", "unsure": "yellow", "error": "magenta"}
BAR = 20


def printable(text: str) -> str:
    """Return a key or message with control characters shown, not obeyed: keys are hostile."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _bar(row: Row) -> Text:
    probability = row["probability"]
    if probability is None:
        return Text("")
    filled = round(probability * BAR)
    style = STYLES.get(row["verdict"], "")
    return Text("━" * filled, style=style) + Text("━" * (BAR - filled), style="grey30")


def _name(row: Row, prefix: str) -> str:
    name = str(row["image"])
    return printable(name.removeprefix(prefix))


def _explanation(row: Row) -> str:
    if row["reason"] is not None:
        return f"{row['reason']}: {printable(str(row['detail'] or ''))}"
    return f"{row['format']} {row['width']}x{row['height']}"


def verdict_table(found: Digest, *, prefix: str = "") -> Group:
    """Draw rows as a table: AI first, each with its probability, and the totals below.

    Parameters
    ----------
    prefix
        What all names begin with and need not be repeated.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("image", overflow="fold", ratio=3)
    table.add_column("verdict")
    table.add_column("P(ai)", justify="right")
    table.add_column("", no_wrap=True, min_width=BAR)
    table.add_column("about", overflow="fold", ratio=2, style="dim")
    for row in found.rows:
        probability = "" if row["probability"] is None else f"{row['probability']:.2f}"
        verdict = Text(str(row["verdict"]), style=STYLES.get(row["verdict"], ""))
        table.add_row(
            escape(_name(row, prefix)), verdict, probability, _bar(row), escape(_explanation(row))
        )
    parts: list[Table | Text] = [table]
    if found.total > len(found.rows):
        parts.append(Text(f"… and {found.total - len(found.rows)} more rows", style="dim"))
    return Group(*parts, Text(""), totals(found))


def totals(found: Digest) -> Text:
    """Return one line: how many of each verdict."""
    images = "image" if found.total == 1 else "images"
    line = Text(f"{found.total} {images}: ", style="bold")
    for index, verdict in enumerate(v for v in ORDER if found.verdicts[v]):
        line.append(", " if index else "")
        line.append(f"{found.verdicts[verdict]} {verdict}", style=STYLES[verdict])
    return line


def verdict_card(row: Row) -> Table:
    """Draw everything known about one image."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in row.items():
        if value is None or name == "row_version":
            continue
        style = STYLES.get(row["verdict"], "") if name == "verdict" else ""
        shown = f"{value:.4f}" if isinstance(value, float) else printable(str(value))
        table.add_row(name, Text(shown, style=style))
    if row["reason"] is not None:
        table.add_row("what to do", Reason(row["reason"]).sentence)
    return table
