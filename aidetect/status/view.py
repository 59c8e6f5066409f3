"""A status as a person reads it."""

from datetime import datetime

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from aidetect.costs.table import dollars
from aidetect.digest import ORDER
from aidetect.status.document import Ended, Status
from aidetect.table import STYLES, printable
from aidetect.training_table import seconds

NAME = 34
MAX_WHY = 200


def _age(since: datetime, now: datetime) -> str:
    return ago(max(0.0, (now - since).total_seconds()))


def ago(value: float) -> str:
    """Return an age as a person says it."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if value >= size:
            return f"{value / size:.0f} {unit}"
    return f"{value:.0f} s"


def _facts(status: Status) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    table.add_row("stack", Text(f"{status.stack} on the {status.where}"))
    if "champion" not in status.unseen:
        table.add_row("champion", status.champion or Text("none", style="yellow"))
    if status.arrivals is not None:
        waits = status.arrivals
        oldest = f", the oldest for {ago(waits.oldest_seconds)}" if waits.oldest_seconds else ""
        table.add_row(
            "arrivals", f"{waits.waiting:,} upload events wait, {waits.in_flight:,} in hand{oldest}"
        )
    if status.dead is not None:
        style = "bold red" if status.dead else ""
        table.add_row("given up", Text(f"{status.dead:,} upload events", style=style))
    if status.jobs is not None:
        more = " and more" if status.jobs.more else ""
        table.add_row("jobs", f"{status.jobs.waiting:,} wait, {status.jobs.running:,} run{more}")
    if status.error_share is not None:
        table.add_row("error rows", f"{status.error_share:.1%} of the last batches")
    return table


def _running(status: Status) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", title="Runs", title_justify="left")
    for name in ("", "name", "for", "stage", "", ""):
        table.add_column(name, overflow="fold")
    for run in status.running:
        known = run.done is not None and bool(run.total)
        bar = ProgressBar(total=run.total or 1, completed=run.done or 0, width=16)
        table.add_row(
            run.kind.value,
            Text(printable(run.name)),
            _age(run.started_at, status.at),
            Text(printable(run.stage)),
            bar if known else "",
            f"{run.done:,}/{run.total:,}" if known else "",
        )
    return table


def _counts(batch: Ended) -> Text:
    line = Text()
    for index, verdict in enumerate(v for v in ORDER if batch.verdicts.get(v)):
        line.append(", " if index else "")
        line.append(f"{batch.verdicts[verdict]:,} {verdict}", style=STYLES[verdict])
    return line


def _batches(status: Status) -> Table:
    table = Table(
        box=None, pad_edge=False, header_style="bold", title="Last batches", title_justify="left"
    )
    for name in ("batch", "ended", "lane", "came to", "took"):
        table.add_column(name, overflow="fold")
    priced = any(batch.dollars is not None for batch in status.batches)
    if priced:
        table.add_column("cost", justify="right")
    for batch in status.batches:
        cells: list[str | Text] = [
            Text(printable(batch.batch)),
            batch.finished_at[:16].replace("T", " "),
            batch.lane,
            _counts(batch),
            seconds(batch.seconds),
        ]
        if priced:
            cells.append(dollars(batch.dollars))
        table.add_row(*cells)
    return table


def _failures(status: Status) -> list[Text]:
    lines = []
    for failure in status.failures:
        line = Text("✗ ", style="red")
        line.append(f"{failure.kind.value} {printable(failure.name)}", style="bold")
        line.append(f" failed {_age(failure.at, status.at)} ago: ", style="dim")
        why = " ".join(printable(failure.why).split())
        line.append(why if len(why) <= MAX_WHY else f"{why[:MAX_WHY]}…")
        lines.append(line)
    return lines


def status_view(status: Status) -> Group:
    """Draw a status: what is wrong and what to do about it comes last, next to the prompt."""
    parts: list[RenderableType] = [_facts(status)]
    if status.running:
        parts += [Text(""), _running(status)]
    if status.batches:
        parts += [Text(""), _batches(status)]
    trouble: list[RenderableType] = [*_failures(status)]
    trouble += [
        Text(f"! {printable(a.name)}, since {_age(a.since, status.at)}: {a.says}", style="bold red")
        for a in status.alarms
    ]
    trouble += [Text(f"→ {printable(line)}", style="yellow") for line in status.advice()]
    trouble += [
        Text(f"  {name} could not be looked at: {printable(why)}", style="dim")
        for name, why in status.unseen.items()
    ]
    if trouble:
        parts += [Text(""), *trouble]
    elif not status.running:
        parts += [Text(""), Text("Nothing runs, and nothing is wrong.", style="dim")]
    return Group(*parts)
