"""The figures of the audit page."""

import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from markupsafe import Markup

from detector.evaluation import Label
from training.data.audit import SHORTCUT_AUC, Audit
from training.data.catalog import TEST
from training.page.figure import INK, MUTED, figure_style, figure_svg, new_figure
from training.page.style import COLOURS

COLOUR = {label: COLOURS[label.value][0] for label in Label}
NAMES = {Label.REAL: "real", Label.AI: "AI"}
# Of more sources than this the largest are drawn; all are in the table.
MOST_SOURCES = 24
MOST_LETTERS = 40


@contextmanager
def _drawing() -> Iterator[None]:
    """Draw in our style; a letter that the font of the layout lacks is the browser's to show."""
    with figure_style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*[Gg]lyph.*")
        yield


def shown_name(text: str) -> str:
    """Return a name in printable letters, cut where it is long."""
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return clean if len(clean) <= MOST_LETTERS else clean[: MOST_LETTERS - 1] + "…"


def sources(found: Audit) -> Markup:
    """Draw how many images each source has, of which class, and which are kept for the test."""
    totals, parts = Counter[str](), defaultdict[str, Counter[tuple[Label, bool]]](Counter)
    for group in found.groups:
        totals[group.source] += group.images
        parts[group.source][group.label, group.split == TEST] += group.images
    rows = [source for source, _ in totals.most_common(MOST_SOURCES)][::-1]
    with _drawing():
        figure, axes = new_figure(7.2, 0.9 + 0.28 * len(rows))
        for at, source in enumerate(rows):
            left = 0
            for label in Label:
                for test in (False, True):
                    if images := parts[source][label, test]:
                        axes.barh(
                            at, images, left=left, height=0.62, color=COLOUR[label],
                            alpha=0.4 if test else 0.9, linewidth=0,
                        )  # fmt: skip
                        left += images
            axes.annotate(
                f"{left:,}", (left, at), (4, 0), textcoords="offset points", va="center",
                fontsize=8, color=MUTED,
            )  # fmt: skip
        axes.set_yticks(range(len(rows)), [shown_name(source) for source in rows])
        axes.set(ylim=(-0.7, len(rows) - 0.3), xlabel="images")
        axes.margins(x=0.08)
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        sides = (False, True) if any(g.split == TEST for g in found.groups) else (False,)
        for label in Label:
            for test in sides:
                axes.barh(0, 0, color=COLOUR[label], alpha=0.4 if test else 0.9,
                          label=NAMES[label] + (", test" if test else ""))  # fmt: skip
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, borderaxespad=0.2)
        text = "; ".join(f"{shown_name(source)} {totals[source]}" for source in rows[::-1])
        return figure_svg(figure, f"Images by source. {text}")


def formats(found: Audit) -> Markup:
    """Draw the share of each file format in each class."""
    kinds = sorted({kind for counts in found.formats.values() for kind in counts})
    with _drawing():
        figure, axes = new_figure(5.2, 1.3 + 0.42 * len(kinds))
        said = []
        for at, kind in enumerate(kinds[::-1]):
            for label, offset in ((Label.REAL, 0.18), (Label.AI, -0.18)):
                counts = found.formats.get(label.value, {})
                share = counts.get(kind, 0) / max(1, sum(counts.values()))
                axes.barh(at + offset, share, height=0.32, color=COLOUR[label], alpha=0.9)
                said.append(f"{kind} {share:.0%} of {NAMES[label]}")
        axes.set_yticks(range(len(kinds)), kinds[::-1])
        axes.set_xticks((0, 0.5, 1), ("0%", "50%", "100%"))
        axes.set(xlim=(0, 1.02), xlabel="share of the class")
        axes.grid(visible=False, axis="y")
        for label in Label:
            axes.barh(0, 0, color=COLOUR[label], alpha=0.9, label=NAMES[label])
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
        return figure_svg(figure, "File formats. " + "; ".join(said))


def sizes(found: Audit, which: str, xlabel: str) -> Markup:
    """Draw quantiles of a measure for each class: ``long_side`` or ``bytes_per_pixel``."""
    with _drawing():
        figure, axes = new_figure(5.2, 2.0)
        said = []
        for at, size in enumerate(found.sizes[::-1]):
            low, first, middle, third, high = getattr(size, which)
            colour = COLOUR[size.label]
            axes.hlines(at, low, high, color=colour, linewidth=1.4)
            axes.hlines(at, first, third, color=colour, linewidth=11, alpha=0.4)
            axes.plot(middle, at, "o", color=colour, markersize=6)
            said.append(
                f"{NAMES[size.label]} median {middle:g}, middle half {first:g} to {third:g}"
            )
        names = [NAMES[size.label] for size in found.sizes[::-1]]
        axes.set_yticks(range(len(names)), names)
        axes.set_xscale("log")
        lowest = min(getattr(size, which)[0] for size in found.sizes)
        highest = max(getattr(size, which)[-1] for size in found.sizes)
        axes.set_xlim(lowest * 0.7, highest * 1.4)
        ticks = [step * 10.0**power for power in range(-5, 7) for step in (1, 2, 5)]
        ticks = [tick for tick in ticks if lowest * 0.7 <= tick <= highest * 1.4]
        axes.set_xticks(ticks, [f"{tick:,g}" for tick in ticks])
        axes.set_xticks([], minor=True)
        axes.set(ylim=(-0.6, len(names) - 0.4), xlabel=xlabel)
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        return figure_svg(figure, f"{xlabel}: " + "; ".join(said))


def shortcut(found: Audit) -> Markup:
    """Draw how well format and size alone tell the classes apart."""
    named = {"together, unseen sources": found.shortcut.auc_by_source,
             "together, at random": found.shortcut.auc,
             **dict(list(found.shortcut.separations.items())[:6])}  # fmt: skip
    rows = [(name, auc) for name, auc in named.items() if auc is not None][::-1]
    with _drawing():
        figure, axes = new_figure(5.2, 1.1 + 0.3 * len(rows))
        axes.axvline(SHORTCUT_AUC, color=MUTED, linewidth=0.9, linestyle=(0, (2, 2)))
        for at, (name, auc) in enumerate(rows):
            colour = COLOURS["bad" if auc > SHORTCUT_AUC else "good"][0]
            axes.hlines(at, 0.5, auc, color=colour, linewidth=3, alpha=0.5)
            axes.plot(auc, at, "o", color=colour, markersize=6)
            axes.annotate(
                f"{auc:.2f}", (auc, at), (7, 0), textcoords="offset points", va="center",
                fontsize=8, color=INK if name.startswith("together") else MUTED,
            )  # fmt: skip
        axes.set_yticks(range(len(rows)), [name for name, _ in rows])
        axes.set(xlim=(min([0.48, *(auc - 0.02 for _, auc in rows)]), 1.06), xlabel="AUC")
        axes.set_ylim(-0.7, max(1, len(rows)) - 0.3)
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        return figure_svg(
            figure, "AUC without a look at the image. "
            + "; ".join(f"{name} {auc:.2f}" for name, auc in rows[::-1]),
        )  # fmt: skip
