"""Live accuracy as a person reads it."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from detector.live_accuracy import CAVEAT, LiveAccuracy, Share


def share_cells(share: Share) -> tuple[str, str, str]:
    """Return a share as count, value and interval."""
    if share.value is None or share.low is None or share.high is None:
        return "none marked", "", ""
    return (
        f"{share.count:,} of {share.of:,}",
        f"{share.value:.2f}",
        f"{share.low:.2f}-{share.high:.2f}",
    )


def accuracy_view(found: Iterable[LiveAccuracy]) -> Group:
    """Draw what reviewers found of each detector."""
    parts: list[RenderableType] = []
    for one in found:
        images = "image" if one.images == 1 else "images"
        parts.append(Text(f"{one.detector}: {one.images:,} reviewed {images}", style="bold"))
        if one.without_verdict:
            parts.append(
                Text(f"and {one.without_verdict:,} marked without a verdict, not counted below")
            )
        parts += [_table(one), Text("")]
    return Group(*parts, Text(CAVEAT, style="dim"))


def _table(one: LiveAccuracy) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for name in ("images", "share", "95% interval"):
        table.add_column(name, justify="right")
    table.add_row("real photographs called ai", *share_cells(one.real_accused))
    table.add_row("AI images called ai", *share_cells(one.ai_found))
    table.add_row("AI images called real", *share_cells(one.ai_called_real))
    table.add_row("called unsure", *share_cells(one.unsure))
    table.add_row("disputed between reviewers", *share_cells(one.disputed))
    return table
