"""An evaluation as Markdown tables."""

from collections.abc import Sequence

from detector.evaluation import Ladder, Report, VariantResult
from training.ladder import LADDER

TOTALS = (
    "| images as | real not called ai | AI called ai | balanced | AUC | unsure | AI called real |"
)
RANKING = (
    "| images as | average precision | AI found at 1% accused | at 5% accused | ECE "
    "| answered | wrong of these | wrong if all were answered |"
)


def _head(columns: str) -> list[str]:
    return [columns, "|---" * (columns.count("|") - 1) + "|"]


def _cell(text: str) -> str:
    """Return a name of somebody else's as a table's cell."""
    return " ".join(text.split()).replace("|", "\\|")


def render_report(report: Report) -> str:
    """Return totals, and shares of right calls by source."""
    lines = _head(TOTALS)
    lines += [
        f"| {v.variant} | {v.real_right} | {v.ai_right} | {v.balanced} | {v.auc} "
        f"| {v.unsure:.2f} | {v.ai_called_real:.2f} |"
        for v in report.variants
    ]
    names = " | ".join(v.variant for v in report.variants)
    lines += ["", *_head(f"| class | source | images | {names} |")]
    for rows in zip(*(v.sources for v in report.variants), strict=True):
        first, rights = rows[0], " | ".join(str(s.right) for s in rows)
        lines.append(f"| {first.label.value} | {_cell(first.source)} | {first.images} | {rights} |")
    return "\n".join(lines)


def render_further(report: Report) -> str:
    """Return what else was measured: ranking, what `unsure` spares, generators, the ladder."""
    parts = [_ranking(report.variants), _generators(report.variants)]
    if report.ladder:
        parts.append(_ladder(report.ladder))
    return "\n\n".join(part for part in parts if part)


def _ranking(variants: Sequence[VariantResult]) -> str:
    lines = []
    for v in variants:
        if v.ranking and v.abstention:
            r, a = v.ranking, v.abstention
            lines.append(
                f"| {v.variant} | {r.average_precision:.3f} | {r.tpr_at_1_fpr:.2f} "
                f"| {r.tpr_at_5_fpr:.2f} | {r.ece:.3f} | {a.coverage:.2f} | {a.error:.3f} "
                f"| {a.error_if_all:.3f} |"
            )
    if not lines:
        return ""
    return "\n".join(
        ["## Ranking, calibration, and what `unsure` spares", "", *_head(RANKING), *lines]
    )


def _generators(variants: Sequence[VariantResult]) -> str:
    if not all(v.generators for v in variants):
        return ""
    names = " | ".join(v.variant for v in variants)
    lines = _head(f"| generator | images | {names} |")
    for rows in zip(*(v.generators for v in variants), strict=True):
        rights = " | ".join(str(g.right) for g in rows)
        lines.append(f"| {_cell(rows[0].generator)} | {rows[0].images} | {rights} |")
    return "\n".join(["## AI images called ai, by generator", "", *lines])


def _ladder(ladder: Ladder) -> str:
    lines = _head("| images as | real not called ai | AI called ai | balanced | AUC | unsure |")
    for v in ladder.rungs:
        label = LADDER[v.variant].label if v.variant in LADDER else v.variant
        lines.append(
            f"| {label} | {v.real_right} | {v.ai_right} | {v.balanced} | {v.auc} | {v.unsure:.2f} |"
        )
    said = (
        f"On {ladder.images} of the images, at most {ladder.per_group} of each class of each "
        "source: fewer than above, so the intervals are wider. Same threshold."
    )
    return "\n".join(["## Ladder of degradations", "", said, "", *lines])
