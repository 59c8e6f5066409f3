"""What the world is told of a batch that ended."""

from detector.layout import BatchLayout
from detector.summary import BatchSummary, ScoringCompleted
from detector.uri import S3Uri


def tell(
    summary: BatchSummary, layout: BatchLayout, report: S3Uri | None = None
) -> ScoringCompleted:
    """Return the completion event of a summary, and of a report where one was written."""
    return ScoringCompleted(
        batch=summary.batch,
        status=summary.status,
        counts=summary.counts,
        detector=summary.detector,
        summary=str(layout.summary),
        results=summary.results,
        report="" if report is None else str(report),
        purpose=layout.purpose,
    )
