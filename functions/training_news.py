"""What the world is told of a training run that ended."""

from detector.layout import RunLayout
from detector.training_run import GateDecision, Outcome, TrainingCompleted

NO_CHAMPION = "none"


def news(decision: GateDecision, outcome: Outcome, layout: RunLayout) -> TrainingCompleted:
    """Return the completion event; ``champion`` is the detector that was there to beat."""
    return TrainingCompleted(
        run=decision.run,
        outcome=outcome,
        challenger=str(decision.challenger),
        champion=str(decision.champion or NO_CHAMPION),
        reasons=decision.reasons,
        report=str(layout.report),
    )
