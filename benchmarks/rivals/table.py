"""Rivals and ours side by side, as a page."""

from collections.abc import Sequence

from detector.evaluation import Report, VariantResult


def _row(report: Report, found: VariantResult) -> str:
    rank = found.ranking
    ranked = f"{rank.tpr_at_5_fpr:.2f} | {rank.ece:.3f}" if rank else "| "
    return (
        f"| {found.variant} | {report.detector} | {found.real_right} | {found.ai_right} "
        f"| {found.balanced} | {found.auc} | {ranked} |"
    )


def render(reports: Sequence[Report]) -> str:
    """Return Markdown; ours is the first of ``reports``.

    Raises
    ------
    ValueError
        If they were not judged on as many images: then they do not compare.
    """
    ours = reports[0]
    for report in reports[1:]:
        if report.images != ours.images:
            raise ValueError(
                f"{report.detector} was judged on {report.images} images and {ours.detector} on "
                f"{ours.images}; judge ours on the same data first (benchmarks/README.md)"
            )
    lines = [
        "# Rivals",
        "",
        f"The same {ours.images} images, copies and figures for all. Each at its own fixed "
        "threshold: "
        + ", ".join(f"{r.detector} {r.decision.threshold:.3f}" for r in reports)
        + ". Ours by heads that never saw an image's source; whether a rival learnt from these "
        "sources is not known. Means over sources, 95% bootstrap intervals; found: AI images "
        "found where 5% of real photographs are accused.",
        "",
        "| as | detector | real not called ai | AI called ai | balanced | AUC | found | ECE |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for number in range(len(ours.variants)):
        lines += [_row(report, report.variants[number]) for report in reports]
    lines += [
        "",
        f"Commands: `{ours.command}`; " + "; ".join(f"`{r.command}`" for r in reports[1:]),
    ]
    return "\n".join(lines) + ".\n"
