"""Verdicts as a person reads them."""

from rich.console import Group
from rich.table import Table
from rich.text import Text

from aidetect.claims import claims_of
from aidetect.digest import ORDER, Digest
from aidetect.printable import printable as printable
from aidetect.results import Row
from aidetect.trail import NO_TRAIL, Trail
from detector.reason import Reason

STYLES = {"ai": "bold red", "real": "green", "unsure": "yellow", "error": "magenta"}
BAR = 20
# Told in words of their own, or to programs only.
_APART = frozenset({"row_version", "chunk", "provenance", "generator", "provenance_detail"})


def reason_sentence(code: str) -> str:
    """Return what a reason code means; it may be newer than this program."""
    try:
        return Reason(code).sentence
    except ValueError:
        return f"This version does not know the reason {printable(code)}; update aidetect."


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
    claimed = any(row.get("provenance") for row in found.rows)
    if claimed:
        table.add_column("the file says", overflow="fold", ratio=2)
    for row in found.rows:
        probability = "" if row["probability"] is None else f"{row['probability']:.2f}"
        verdict = Text(str(row["verdict"]), style=STYLES.get(row["verdict"], ""))
        cells: list[str | Text] = [Text(_name(row, prefix)), verdict, probability, _bar(row)]
        cells.append(Text(_explanation(row)))
        if claimed:
            cells.append(Text(", ".join(claim.badge for claim in claims_of(row))))
        table.add_row(*cells)
    parts: list[Table | Text] = [table]
    if claimed:
        parts.append(
            Text("What a file says of its origin is a claim; it changes no verdict.", "dim")
        )
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


def verdict_card(row: Row, trail: Trail = NO_TRAIL) -> Table:
    """Draw everything known about one image, and where there is more to see."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in row.items():
        if value is None or name in _APART:
            continue
        style = STYLES.get(row["verdict"], "") if name == "verdict" else ""
        shown = f"{value:.4f}" if isinstance(value, float) else printable(str(value))
        table.add_row(name, Text(shown, style=style))
    if row["reason"] is not None:
        table.add_row("what to do", reason_sentence(row["reason"]))
    for claim in claims_of(row):
        table.add_row("the file says", Text.assemble((claim.badge, "bold"), f": {claim.sentence}"))
    for name, where in (("its generator", "generator"), ("found in", "provenance_detail")):
        if row.get(where):
            table.add_row(name, Text(printable(str(row[where]))))
    if trail.evidence:
        table.add_row("evidence", Text(f"thumbnails, heat maps: {trail.evidence}"))
    if trail.report:
        table.add_row("report", Text(f"aidetect report {trail.batch}"))
    return table
