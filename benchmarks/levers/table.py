"""The levers' figures as a page."""

from typing import Any


def render(document: dict[str, Any]) -> str:
    """Return Markdown of what was measured."""
    lines = [
        "# Levers, each alone",
        "",
        f"{document['images']} images of {document['sources']} sources, at most as many of a class "
        "of a source as the command says. Every image was scored by heads that never saw its "
        "source; sources weigh the same. Gain: mean AUC over clean, web and hard, less the "
        "baseline's, with the 95% interval of paired resampling within sources. Found: AI images "
        "found where 5% of real photographs are accused.",
        "",
        "| lever | what | clean | web | hard | gain | found | worst source | passes |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in document["levers"]:
        auc = row["auc"]
        gain = f"{row['gain']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f})"
        lines.append(
            f"| {row['lever']} | {row['what']} | {auc['clean']:.3f} | {auc['web']:.3f} "
            f"| {auc['hard']:.3f} | {gain} | {row['found']:.2f} "
            f"| {row['worst_source']} {row['worst_found']:.2f} | {row['encoder_passes']:.2f} |"
        )
    lines += ["", f"Command: `{document['command']}`."]
    return "\n".join(lines) + "\n"
