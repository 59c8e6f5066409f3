"""A diagnosis as a person reads it."""

from rich.console import Group
from rich.table import Table
from rich.text import Text

from aidetect.doctor.document import Diagnosis, Outcome
from aidetect.printable import printable

MARKS = {
    Outcome.OK: ("✓", "green"),
    Outcome.WARNING: ("!", "yellow"),
    Outcome.FAILED: ("✗", "bold red"),
    Outcome.SKIPPED: ("·", "dim"),
}


def diagnosis_view(diagnosis: Diagnosis) -> Group:
    """Draw what was found, a line each, and below it what to do."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in diagnosis.findings:
        mark, style = MARKS[finding.outcome]
        shown = Text(printable(finding.found))
        if finding.outcome is Outcome.SKIPPED:
            shown = Text(f"skipped: {printable(finding.found)}", style="dim")
        table.add_row(Text(mark, style=style), Text(finding.check, style="bold"), shown)
        if finding.remedy:
            table.add_row("", "", Text(f"→ {printable(finding.remedy)}", style=style))
    return Group(table, Text(""), _sum(diagnosis))


def _sum(diagnosis: Diagnosis) -> Text:
    counts = [(o, diagnosis.count(o)) for o in Outcome if diagnosis.count(o)]
    told = ", ".join(f"{number} {outcome.value}" for outcome, number in counts)
    style = "dim" if diagnosis.healthy else "bold red"
    return Text(f"Stack {diagnosis.stack} on the {diagnosis.where}: {told}", style=style)
