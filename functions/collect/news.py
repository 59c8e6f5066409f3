"""What the world is told of a batch that ended."""

from detector.layout import BatchLayout
from detector.summary import BatchSummary, ScoringCompleted


def tell(summary: BatchSummary, layout: BatchLayout) -> ScoringCompleted:
    """Return the completion event of a summary."""
    return ScoringCompleted(
        batch=summary.batch,
        status=summary.status,
        counts=summary.counts,
        detector=summary.detector,
        summary=str(layout.summary),
        results=summary.results,
    )
