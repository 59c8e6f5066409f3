"""The figures as a page."""

from typing import Any


def _interval(row: dict[str, Any], gain: str, low: str, high: str) -> str:
    return f"{row[gain]:+.3f} ({row[low]:+.3f} to {row[high]:+.3f})"


def render(document: dict[str, Any]) -> str:
    """Return Markdown of what was measured."""
    lines = [
        "# Tuning a part of the encoder, against the frozen one",
        "",
        f"{document['images']} images of {document['sources']} sources in {len(document['folds'])} "
        "folds of whole sources: learnt from the other folds, judged on its own. Sources weigh "
        "the same. Gain: mean AUC over clean, web and hard, less the baseline's, with the 95% "
        "interval of paired resampling within sources. AI found: at the threshold where 5% of the "
        "*other* folds' real photographs are accused; accused: what that threshold does to the "
        "real photographs judged. Loss: cross-entropy of the first and the last eight steps.",
        "",
        "| variant | what | clean | web | hard | gain | AI found | gain | accused | loss |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in document["variants"]:
        auc = row["auc"]
        gain = _interval(row, "gain", "low", "high")
        loss = "" if row["loss"] is None else f"{row['loss'][0]:.2f} → {row['loss'][1]:.2f}"
        lines.append(
            f"| {row['variant']} | {row['what']} | {auc['clean']:.3f} | {auc['web']:.3f} "
            f"| {auc['hard']:.3f} | {gain} | {row['ai_found']:.2f} "
            f"| {_interval(row, 'ai_found_gain', 'ai_found_low', 'ai_found_high')} "
            f"| {row['real_accused']:.2f} | {loss} |"
        )
    lines += ["", "Folds:", ""]
    lines += [f"- {', '.join(fold)}" for fold in document["folds"]]
    lines += ["", f"Command: `{document['command']}`."]
    return "\n".join(lines) + "\n"
