"""The figures as a page."""

from typing import Any

HEAD = (
    "Every image was scored by heads that never saw its source; sources weigh the same. Gain: mean "
    "AUC over clean, web and hard, less the first row's, with the 95% interval of paired "
    "resampling within sources. Shares, real photographs not called `ai` / AI images called `ai`, "
    "are at the one threshold that a release would have."
)


def _shares(row: dict[str, Any]) -> str:
    return " | ".join(f"{r['real']:.2f} / {r['ai']:.2f}" for r in row["shares"].values())


def _gain(row: dict[str, Any]) -> str:
    return f"{row['gain']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f})"


def _layers(row: dict[str, Any]) -> str:
    return "; ".join(
        f"{', '.join(map(str, c['layers']))} at {c['strength']:g}, {c['times']} times"
        for c in row["chosen"]
    )


def render(document: dict[str, Any]) -> str:
    """Return Markdown of what was measured."""
    left = ", ".join(document["left_out"]) or "none"
    lines = [
        "# What a head reads, and what it learns from",
        "",
        f"{document['images']} images of {document['sources']} sources; left out: {left}. {HEAD}",
        "",
        "## Which sets of layers are chosen among",
        "",
        "The choice was made anew without each source, and judged on it.",
        "",
        "| sets | chosen | AUC | gain | clean | web | hard |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['sets']} | {_layers(row)} | {row['mean_auc']:.4f} | {_gain(row)} "
        f"| {_shares(row)} |"
        for row in document["layers"]
    ]
    lines += [
        "",
        "## Which copies are learnt from",
        "",
        "*Together*: the AUC of all six copies at once, which one threshold has to serve.",
        "",
        "| copies | layers | gain | together | clean | web | hard | centre 50% | resized to 25% "
        "| blurred by 2 px |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['copies']} | {', '.join(map(str, row['layers']))} | {_gain(row)} "
        f"| {row['together']:.4f} | {_shares(row)} |"
        for row in document["copies"]
    ]
    lines += ["", f"Command: `{document['command']}`."]
    return "\n".join(lines) + "\n"
