"""The words of the page's head, as HTML: what is known of the batch as a whole."""

from datetime import UTC, datetime
from html import escape

from batch_inference.report.gather import Gathered
from batch_inference.report.limits import limits_of
from detector.evidence import MAX_IMAGES
from detector.package import DetectorPackage
from detector.summary import BatchSummary
from detector.verdict import Verdict


def text(value: object) -> str:
    """Return any value as HTML text that stays text."""
    return escape(str(value).encode("utf-8", "replace").decode())


def head_values(
    summary: BatchSummary,
    gathered: Gathered,
    package: DetectorPackage | None,
    dollars: float | None = None,
    *,
    left_out: int = 0,
) -> dict[str, str]:
    """Return what ``page.html`` names, but for its data, style and script; all of it escaped."""
    counts, rows = summary.counts, summary.counts.rows
    values = {
        "batch": text(summary.batch),
        "rows": f"{rows:,}",
        "facts": _facts(summary, dollars),
        "reasons": _reasons(summary),
        "limits": "".join(f"<p>{text(sentence)}</p>" for sentence in limits_of(package)),
        "histogram_note": _histogram_note(summary, gathered),
        "notice": _notice(summary, gathered),
        "foot": _foot(summary, left_out),
    }
    for verdict in Verdict:
        count = counts.verdicts.get(verdict, 0)
        values[verdict.value] = f"{count:,}"
        values[f"{verdict.value}_share"] = _share(count, rows)
    return values


def _share(count: int, rows: int) -> str:
    if not count or not rows:
        return "none"
    return f"{count / rows:.1%}" if count / rows >= 0.001 else "under 0.1%"


def _facts(summary: BatchSummary, dollars: float | None) -> str:
    started = datetime.fromisoformat(summary.started_at).astimezone(UTC)
    pace = f", {summary.counts.rows / summary.seconds:,.1f} images/s" if summary.seconds else ""
    facts = [
        f"<span><b>{started:%d %b %Y, %H:%M} UTC</b></span>",
        f"<span>detector <b>{text(summary.detector)}</b></span>",
        f"<span>{text(summary.lane)} lane, <b>{_duration(summary.seconds)}</b>{pace}</span>",
        f"<span>{text(summary.status.value)}</span>",
    ]
    if dollars is not None:
        facts.append(f"<span><b>{dollars:,.2f}</b> dollars</span>")
    return "\n".join(facts)


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _reasons(summary: BatchSummary) -> str:
    reasons = sorted(summary.counts.reasons.items(), key=lambda item: -item[1])
    if not reasons:
        return ""
    told = ", ".join(f"<b>{count:,}</b> {text(r.value.replace('_', ' '))}" for r, count in reasons)
    return f'<p class="reasons">Errors: {told}</p>'


def _histogram_note(summary: BatchSummary, gathered: Gathered) -> str:
    scored = summary.counts.rows - summary.counts.verdicts.get(Verdict.ERROR, 0)
    of = f"All {scored:,} images with a verdict."
    if gathered.chunks_read < gathered.chunks:
        of = (
            f"{gathered.histogram.rows:,} of {scored:,} images with a verdict, from "
            f"{gathered.chunks_read:,} of {gathered.chunks:,} chunks across the batch."
        )
    return (
        f"{of} Heights are square roots of the counts. A click on a bar shows its images; the band "
        "between the lines is unsure."
    )


def _notice(summary: BatchSummary, gathered: Gathered) -> str:
    rows, shown = summary.counts.rows, len(gathered.shown)
    if shown >= rows:
        return ""
    query = (
        # Shown to people, run by none of ours.
        "SELECT image, verdict, probability, reason, provenance FROM verdicts\n"  # noqa: S608
        f"WHERE run_date = '{_sql(summary.run_date)}' AND batch = '{_sql(summary.batch)}'\n"
        "ORDER BY probability DESC NULLS LAST"
    )
    return (
        '<div class="notice"><p>'
        f"<b>This page shows {shown:,} of {rows:,} images</b>: {MAX_IMAGES:,} at most, first those "
        "that have a thumbnail, of these unsure ones and ones that their own file contradicts, "
        "then ai, then real, nearest the threshold first; a tenth is kept for errors. The counts "
        "above are of the whole batch. For all of its rows ask Athena, or for one image the "
        "command line:</p>"
        f'<pre tabindex="0" aria-label="Query">{text(query)}</pre>'
        '<pre tabindex="0" aria-label="Command">aidetect verdict s3://BUCKET/KEY</pre></div>'
    )


def _sql(value: str) -> str:
    return value.replace("'", "''")


def _foot(summary: BatchSummary, left_out: int) -> str:
    small = f"<p>{left_out:,} images are shown without thumbnail and heat map, which would make "
    small += "the page too large; they lie beside the rows, under evidence/.</p>"
    return (
        f"{small if left_out else ''}"
        f"<p>Rows: <code>{text(summary.results)}</code> &middot; Manifest: "
        f"<code>{text(summary.manifest)}</code></p>"
        "<p>This page is one file and asks nothing of the network. What files say of their own "
        "origin never changes a verdict.</p>"
    )
