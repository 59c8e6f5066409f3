"""The figures of the training report."""

from collections.abc import Sequence

from markupsafe import Markup
from matplotlib.axes import Axes

from detector.evaluation import Label, SourceResult, VariantResult
from detector.verdict import Decision
from training.details import VariantDetails
from training.page.figure import INK, LINE, MUTED, figure_style, figure_svg, new_figure
from training.page.style import COLOURS
from training.page.words import percent, variant_name
from training.track.history import Line

REAL, AI, UNSURE, ACCENT = (COLOURS[name][0] for name in ("real", "ai", "unsure", "accent"))
# Of more sources than this the worst are drawn; all are in the table.
MOST_SOURCES = 24
_STYLES = ((ACCENT, "-"), (INK, (0, (4, 2))), (MUTED, (0, (1, 1.5))))


def percent_axis(axes: Axes, axis: str) -> None:
    """Mark an axis of shares at its quarters."""
    ticks = (0.0, 0.25, 0.5, 0.75, 1.0)
    labels = [f"{tick:.0%}" for tick in ticks]
    if axis == "x":
        axes.set_xticks(ticks, labels)
    else:
        axes.set_yticks(ticks, labels)


def roc(variants: Sequence[VariantDetails]) -> Markup:
    """Draw how many AI images are found against how many real photographs are accused."""
    with figure_style():
        figure, axes = new_figure(5.2, 4.2)
        axes.plot([0, 1], [0, 1], color=LINE, linewidth=1)
        axes.axvline(0.05, color=MUTED, linewidth=0.8, linestyle=(0, (2, 2)))
        axes.annotate(
            "5% accused", (0.05, 0.03), (4, 0), textcoords="offset points", fontsize=8, color=MUTED
        )
        for variant, (colour, dash) in zip(variants, _STYLES * len(variants), strict=False):
            name = variant_name(variant.variant)
            axes.plot(variant.roc.x, variant.roc.y, color=colour, linestyle=dash, label=name)
        axes.set(xlim=(0, 1), ylim=(0, 1.01), xlabel="real photographs accused")
        axes.set_ylabel("AI images recognised")
        percent_axis(axes, "x")
        percent_axis(axes, "y")
        axes.legend(loc="lower right")
        text = "; ".join(
            f"{v.variant}: {percent(v.tpr_at_5_fpr)} recognised at 5% accused, "
            f"{percent(v.tpr_at_1_fpr)} at 1%"
            for v in variants
        )
        return figure_svg(figure, f"ROC curves. {text}")


def precision_recall(variants: Sequence[VariantDetails]) -> Markup:
    """Draw how many called ai are AI against how many AI images are found, classes equally many."""
    with figure_style():
        figure, axes = new_figure(5.2, 4.2)
        axes.axhline(0.5, color=LINE, linewidth=1)
        for variant, (colour, dash) in zip(variants, _STYLES * len(variants), strict=False):
            curve, name = variant.precision_recall, variant_name(variant.variant)
            axes.plot(curve.x, curve.y, color=colour, linestyle=dash, label=name)
        axes.set(xlim=(0, 1), ylim=(0, 1.01), xlabel="AI images recognised (recall)")
        axes.set_ylabel("AI among those called ai (precision)")
        percent_axis(axes, "x")
        percent_axis(axes, "y")
        axes.legend(loc="lower left")
        text = "; ".join(
            f"{v.variant}: average precision {v.average_precision:.2f}" for v in variants
        )
        return figure_svg(figure, f"Precision by recall. {text}")


def reliability(variant: VariantDetails) -> Markup:
    """Draw what was predicted against what was so."""
    bins = variant.reliability
    with figure_style():
        figure, axes = new_figure(5.2, 4.2)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.9, linestyle=(0, (2, 2)))
        axes.vlines(
            [b.predicted for b in bins],
            [b.predicted for b in bins],
            [b.observed for b in bins],
            color=AI,
            alpha=0.35,
            linewidth=4,
        )
        axes.plot(
            [b.predicted for b in bins],
            [b.observed for b in bins],
            color=ACCENT,
            marker="o",
            markersize=5,
        )
        axes.set(xlim=(0, 1), ylim=(-0.01, 1.01), xlabel="predicted probability of AI")
        axes.set_ylabel("share that is AI")
        percent_axis(axes, "x")
        percent_axis(axes, "y")
        text = ", ".join(f"{b.predicted:.2f}: {b.observed:.2f}" for b in bins)
        return figure_svg(figure, f"Reliability diagram. Predicted and observed: {text}")


def scores(variant: VariantDetails, decision: Decision) -> Markup:
    """Draw the probabilities of real photographs upwards, those of AI images downwards."""
    real, ai = variant.histogram_real, variant.histogram_ai
    width = 1 / len(real)
    middles = [(number + 0.5) * width for number in range(len(real))]
    with figure_style():
        figure, axes = new_figure(5.2, 4.2)
        axes.bar(middles, real, width * 0.88, color=REAL, label="real photographs")
        axes.bar(middles, [-share for share in ai], width * 0.88, color=AI, label="AI images")
        axes.axhline(0, color=MUTED, linewidth=0.8)
        most = 1.12 * max(*real, *ai)
        bands = ((0.0, decision.unsure_from, "real"), (decision.threshold, 1.0, "ai"))
        for low, high, name in (*bands, (decision.unsure_from, decision.threshold, "unsure")):
            if high - low > 0.04:
                axes.text(
                    (low + high) / 2, most * 1.02, f"called {name}",
                    ha="center", va="bottom", fontsize=8.5, color=MUTED,
                )  # fmt: skip
        for edge in (decision.unsure_from, decision.threshold):
            axes.axvline(edge, color=INK, linewidth=1, linestyle=(0, (3, 2)))
        axes.set(xlim=(0, 1), ylim=(-most, most), xlabel="probability of AI")
        axes.grid(visible=False)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.08), ncols=2)
        table = variant.confusion_real, variant.confusion_ai
        text = (
            f"Of real photographs {percent(table[0].real)} lie below {decision.unsure_from} and "
            f"{percent(table[0].ai)} from {decision.threshold} up; of AI images "
            f"{percent(table[1].real)} and {percent(table[1].ai)}"
        )
        return figure_svg(figure, f"Distribution of probabilities by class. {text}")


def _shown(variant: VariantResult) -> list[SourceResult]:
    chosen: list[SourceResult] = []
    for label in (Label.AI, Label.REAL):
        mine = sorted((s for s in variant.sources if s.label is label), key=lambda s: s.right.value)
        chosen += mine[: MOST_SOURCES // 2][::-1]
    return chosen


def sources(variant: VariantResult) -> Markup:
    """Draw how each source fares, with its interval."""
    shown = _shown(variant)
    with figure_style():
        figure, axes = new_figure(5.8, 0.9 + 0.25 * len(shown))
        for row, source in enumerate(shown):
            colour = REAL if source.label is Label.REAL else AI
            axes.hlines(
                row, source.right.low, source.right.high, color=colour, linewidth=5, alpha=0.3
            )
            axes.plot(source.right.value, row, "o", color=colour, markersize=6)
        names = [s.source if len(s.source) <= 28 else s.source[:27] + "…" for s in shown]
        axes.set_yticks(range(len(shown)), names)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.7, len(shown) - 0.3))
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        percent_axis(axes, "x")
        for label, colour in ((Label.REAL, REAL), (Label.AI, AI)):
            name = "real: not called ai" if label is Label.REAL else "AI: called ai"
            axes.plot([], [], "o", color=colour, label=name)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
        text = "; ".join(f"{s.label.value} {s.source} {percent(s.right.value)}" for s in shown)
        return figure_svg(figure, f"Share of right verdicts by source. {text}")


def course(lines: Sequence[Line], names: Sequence[str], ylabel: str) -> Markup:
    """Draw metrics over the steps of a run. ``names`` are metrics that some lines hold."""
    colours = (ACCENT, UNSURE, REAL, AI, INK)
    with figure_style():
        figure, axes = new_figure(5.6, 3.4)
        said = []
        for name, colour in zip(names, colours * len(names), strict=False):
            told = [(line["step"], line[name]) for line in lines if line.get(name) is not None]
            steps, values = [t[0] for t in told], [t[1] for t in told]
            few = "o" if len(told) <= 30 else None
            axes.plot(steps, values, color=colour, label=name, marker=few, markersize=4)
            said.append(f"{name} from {values[0]:.3g} to {values[-1]:.3g}")
        axes.set(xlabel="step", ylabel=ylabel)
        axes.legend(loc="best")
        return figure_svg(figure, f"Over the steps: {'; '.join(said)}")
