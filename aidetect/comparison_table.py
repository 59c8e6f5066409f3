"""Two detectors side by side as a person reads them in a terminal."""

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aidetect.table import printable
from training.comparing import AI, REAL, Pair, SideBySide, SourcePair
from training.page.comparison_page import arrow
from training.page.words import mood, points

FIRST, SECOND = "A", "B"
# Eighty columns are few.
SHORT = {REAL: "real right", AI: "AI right"}
MOODS = {"good": "green", "bad": "red", "warn": "yellow", "muted": "dim"}


def comparison_view(found: SideBySide) -> Group:
    """Draw the verdict, what keeps it from being fair, and the figures of both."""
    text, feeling = found.verdict
    parts: list[RenderableType] = [Text(printable(text), style=f"bold {MOODS[feeling]}")]
    parts += [Text(f"  · {printable(said)}", style="yellow") for said in found.fairness]
    legend = Text(f"\n{FIRST} is {printable(found.first)}\n{SECOND} is {printable(found.second)}")
    parts.append(legend)
    if found.shared:
        parts += [Text("\nOn the sources they share", style="bold"), _pairs(found.shared)]
    elif found.whole:
        parts += [Text("\nEach on its own sources", style="bold"), _pairs(found.whole)]
    clean = [pair for pair in found.sources if pair.variant == "clean"]
    if clean:
        parts += [Text("\nSource by source, images as found", style="bold"), _sources(clean)]
    if found.ladder:
        same = "" if found.same_ladder else ", on different images"
        balanced = [pair for pair in found.ladder if pair.what == "balanced"]
        parts += [
            Text(f"\nBalanced accuracy under degradations{same}", style="bold"),
            _pairs(balanced),
        ]
    if any(fact.differs for fact in found.facts):
        parts += [Text("\nWhat differs", style="bold"), _facts(found)]
    return Group(*parts)


def _table(columns: Sequence[tuple[str, bool]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, number in columns:
        table.add_column(
            name, justify="right" if number else "left", overflow="fold", no_wrap=False
        )
    return table


def _change(gain: float) -> Text:
    return Text(f"{arrow(gain)} {points(gain)}", style=MOODS[mood(gain)])


def _pairs(pairs: Iterable[Pair]) -> Table:
    table = _table(
        (("images", False), ("figure", False), (FIRST, True), (SECOND, True),
         ("points", True), ("intervals", False))
    )  # fmt: skip
    for pair in pairs:
        table.add_row(
            pair.variant,
            SHORT.get(pair.what, pair.what),
            str(pair.first),
            str(pair.second),
            _change(pair.gain),
            Text("overlap", style="dim") if pair.overlap else Text("apart", style="bold"),
        )
    return table


def _sources(pairs: Iterable[SourcePair]) -> Table:
    table = _table(
        (("class", False), ("source", False), ("images", True), (FIRST, True),
         (SECOND, True), ("points", True))
    )  # fmt: skip
    for pair in pairs:
        table.add_row(
            pair.label.value,
            Text(printable(pair.source)),
            str(pair.images),
            f"{pair.first.value:.2f}",
            f"{pair.second.value:.2f}",
            _change(pair.gain),
        )
    return table


def _facts(found: SideBySide) -> Table:
    table = _table((("", False), (FIRST, False), (SECOND, False)))
    for fact in found.facts:
        if fact.differs:
            table.add_row(fact.name, Text(printable(fact.first)), Text(printable(fact.second)))
    return table
