"""Training runs: which stage those that run are at, and which failed."""

from datetime import datetime

from aidetect.status.document import Failure, Kind, Running
from aidetect.status.executions import failed_lately, list_runs
from aidetect.target import Target
from aidetect.training_watch import RunState, look
from detector.training_run import Stage

MOST_RUNNING = 5
MOST_FAILURES = 5


def _stage(state: RunState) -> str:
    names = [stage.value for stage in Stage]
    at = names[len(state.stages)] if len(state.stages) < len(names) else "end"
    return f"{at}: {state.doing.what}" if state.doing else at


def running(target: Target) -> tuple[Running, ...]:
    """Return the training runs that go on, the newest first."""
    runs = list_runs(target.sfn, target.outputs.TrainingStateMachineArn, "RUNNING")
    told = []
    for run in runs[:MOST_RUNNING]:
        state = look(target, run.subject, run.arn)
        doing = state.doing
        told.append(
            Running(
                kind=Kind.TRAINING,
                name=run.subject,
                started_at=run.started_at,
                stage=_stage(state),
                done=doing.done if doing else None,
                total=(doing.total or None) if doing else None,
            )
        )
    return tuple(told)


def failures(target: Target, now: datetime) -> tuple[Failure, ...]:
    """Return the runs that failed lately and were not resumed since."""
    runs = list_runs(target.sfn, target.outputs.TrainingStateMachineArn)
    told = []
    for run in failed_lately(runs, now)[:MOST_FAILURES]:
        state = look(target, run.subject, run.arn)
        why = (
            f"{state.failure.stage.value}: {state.failure.message}" if state.failure else state.why
        )
        told.append(
            Failure(
                kind=Kind.TRAINING,
                name=run.subject,
                at=run.ended_at or run.started_at,
                why=why or run.status,
                next=f"aidetect train --resume {run.subject}",
            )
        )
    return tuple(told)
