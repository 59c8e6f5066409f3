"""What a batch that ended comes to in metrics."""

from detector.metric import Metric, Unit
from detector.summary import BatchSummary
from detector.verdict import Verdict


def metrics_of(summary: BatchSummary) -> list[Metric]:
    """Return a batch's metrics; shares are percents, of rows or of the rows that have a verdict."""
    rows, count = summary.counts.rows, summary.counts.verdicts
    errors, unsure = count.get(Verdict.ERROR, 0), count.get(Verdict.UNSURE, 0)
    scored = rows - errors
    metrics = [
        Metric("BatchesCompleted", 1),
        Metric("ImagesScored", scored),
        Metric("ErrorRows", errors),
        Metric("ShardsFailed", len(summary.failed_shards)),
        Metric("BatchSeconds", round(summary.seconds, 3), Unit.SECONDS),
    ]
    if rows:
        metrics.append(Metric("ErrorShare", round(100 * errors / rows, 3), Unit.PERCENT))
    if scored:
        metrics.append(Metric("UnsureShare", round(100 * unsure / scored, 3), Unit.PERCENT))
    return metrics
