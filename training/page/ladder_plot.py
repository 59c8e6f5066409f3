"""The ladder of degradations as a figure, of one detector or of two."""

from collections.abc import Callable, Sequence

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from detector.evaluation import Estimate, VariantResult
from training.page.figure import LINE, MUTED, figure_style, figure_svg
from training.page.plots import AI, REAL, percent_axis
from training.page.style import COLOURS
from training.page.words import percent, variant_name

ACCENT, INK, CARD = (COLOURS[name][0] for name in ("accent", "ink", "card"))
Pick = Callable[[VariantResult], Estimate]
# What each panel shows: title, colour, figure.
VERDICTS: tuple[tuple[str, str, Pick], ...] = (
    ("real not called ai", REAL, lambda v: v.real_right),
    ("AI called ai", AI, lambda v: v.ai_right),
)
OFFSET = 0.17


def _dot(axes: Axes, row: float, found: Estimate, colour: str, *, hollow: bool = False) -> None:
    axes.hlines(row, found.low, found.high, color=colour, linewidth=4, alpha=0.28)
    axes.plot(
        found.value,
        row,
        "o",
        color=colour,
        markersize=5.5,
        markerfacecolor=CARD if hollow else colour,
        markeredgewidth=1.4,
    )


def _frame(axes: Axes, count: int) -> None:
    axes.set_ylim(count - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    # The first row is not a degradation.
    axes.axhline(0.5, color=LINE, linewidth=1)


def _panels(height: float, ratios: tuple[int, int] = (1, 1)) -> tuple[Figure, Axes, Axes]:
    figure = Figure(figsize=(9.2, height), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=ratios)
    return figure, left, right


def ladder(rungs: Sequence[VariantResult]) -> Markup:
    """Draw verdicts, and AUC, on every rung; dotted lines are the images as found."""
    with figure_style():
        figure, left, right = _panels(0.9 + 0.3 * len(rungs), (3, 2))
        for row, rung in enumerate(rungs):
            for name, colour, pick in VERDICTS:
                _dot(left, row, pick(rung), colour)
                if row == 0:
                    left.axvline(
                        pick(rung).value, color=colour, linewidth=0.9, linestyle=(0, (1, 2))
                    )
                    left.plot([], [], "o", color=colour, label=name)
            _dot(right, row, rung.auc, ACCENT)
        right.axvline(rungs[0].auc.value, color=ACCENT, linewidth=0.9, linestyle=(0, (1, 2)))
        for axes in (left, right):
            _frame(axes, len(rungs))
        left.set_yticks(range(len(rungs)), [variant_name(r.variant) for r in rungs])
        left.set_xlim(-0.02, 1.02)
        percent_axis(left, "x")
        lowest = min(min(r.auc.low for r in rungs), 0.5)
        right.set_xlim(lowest - 0.02, 1.02)
        right.axvline(0.5, color=MUTED, linewidth=0.8)
        right.set_xlabel("AUC (0.5 is chance)")
        left.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
        text = "; ".join(
            f"{variant_name(r.variant)}: real {percent(r.real_right.value)}, "
            f"AI {percent(r.ai_right.value)}, AUC {r.auc.value:.2f}"
            for r in rungs
        )
        return figure_svg(figure, f"Every degradation of the ladder. {text}")


def two_ladders(
    first: Sequence[VariantResult], second: Sequence[VariantResult], names: tuple[str, str]
) -> Markup:
    """Draw two detectors on the rungs that both were judged on: hollow the first, full the second.

    Parameters
    ----------
    first, second
        Rungs; those of the same name are set side by side.
    names
        What the two are called.
    """
    other = {rung.variant: rung for rung in second}
    pairs = [(rung, other[rung.variant]) for rung in first if rung.variant in other]
    with figure_style():
        figure, left, right = _panels(0.9 + 0.38 * len(pairs))
        for row, (one, two) in enumerate(pairs):
            for axes, (_name, colour, pick) in zip((left, right), VERDICTS, strict=True):
                _dot(axes, row - OFFSET, pick(one), colour, hollow=True)
                _dot(axes, row + OFFSET, pick(two), colour)
        for axes, (title, _colour, _pick) in zip((left, right), VERDICTS, strict=True):
            _frame(axes, len(pairs))
            axes.set_xlim(-0.02, 1.02)
            percent_axis(axes, "x")
            axes.set_xlabel(title)
        left.set_yticks(range(len(pairs)), [variant_name(one.variant) for one, _ in pairs])
        for name, hollow in zip(names, (True, False), strict=True):
            face = CARD if hollow else INK
            left.plot([], [], "o", color=INK, markerfacecolor=face, label=name)
        left.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=1, borderaxespad=0.2)
        text = "; ".join(
            f"{variant_name(one.variant)}: real {percent(one.real_right.value)} and "
            f"{percent(two.real_right.value)}, AI {percent(one.ai_right.value)} and "
            f"{percent(two.ai_right.value)}"
            for one, two in pairs
        )
        return figure_svg(figure, f"Both detectors on the ladder, the first and the second. {text}")
