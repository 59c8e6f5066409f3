"""A training run as a person reads it."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aidetect.table import printable
from aidetect.training_watch import RunState
from detector.champion import NONE
from detector.evaluation import Report
from detector.training_run import Outcome, StageRecord

STYLES = {
    Outcome.PROMOTED: "bold green",
    Outcome.PASSED: "green",
    Outcome.REFUSED: "bold yellow",
}


def seconds(value: float) -> str:
    """Return a duration as a person says it."""
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def stage_line(record: StageRecord) -> Text:
    """Return one line that says what a stage did."""
    said = "; ".join(f"{name}: {value}" for name, value in record.said.items())
    line = Text("✓ ", style="green")
    line.append(f"{record.stage.value:9}", style="bold")
    line.append(f"{seconds(record.seconds):>12}  ", style="dim")
    return line.append(printable(said))


def accuracy_table(report: Report) -> Table:
    """Draw the evaluation on the test sources."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("images as", "real not called ai", "AI called ai", "AUC", "unsure"):
        table.add_column(name)
    for row in report.variants:
        table.add_row(
            row.variant, str(row.real_right), str(row.ai_right), str(row.auc), f"{row.unsure:.2f}"
        )
    return table


def outcome_view(state: RunState, report: Report | None) -> RenderableType:
    """Draw how a run ended."""
    completed = state.completed
    if completed is None:
        return failure_view(state)
    parts: list[RenderableType] = []
    if report is not None:
        sources = len({s.source for v in report.variants for s in v.sources})
        title = f"On {report.images} images of {sources} sources it never saw"
        parts += [Text(title, style="bold"), accuracy_table(report), Text("")]
    headline = Text(completed.challenger, style="bold")
    headline.append(f" is {completed.outcome.value}", style=STYLES[completed.outcome])
    if completed.champion != NONE and completed.outcome is not Outcome.PROMOTED:
        headline.append(f"; {completed.champion} stays in use")
    parts.append(headline)
    parts += [Text(f"  · {printable(reason)}") for reason in completed.reasons]
    if completed.outcome is not Outcome.PROMOTED:
        if completed.champion != NONE:
            beside = f"aidetect detector compare {completed.champion} {completed.challenger}"
            parts.append(Text(f"  To see both side by side: {beside}", style="dim"))
        hint = f'  To overrule: aidetect promote {completed.challenger} --reason "…"'
        parts.append(Text(hint, style="dim"))
    parts.append(Text(f"Report: {completed.report}"))
    return Group(*parts)


def failure_view(state: RunState) -> RenderableType:
    """Draw why a run failed, and what to do."""
    failure = state.failure
    if failure is None:
        return Text(f"{state.execution.status}: {printable(state.why)}", style="red")
    line = Text(f"{failure.stage.value} failed: ", style="bold red")
    return line.append(printable(failure.message), style="")
