"""What the state machine is told of the run."""

from typing import Self

from pydantic import BaseModel, ConfigDict

from detector.layout import RunLayout
from detector.training_request import Compute
from detector.training_run import TrainingRun


class BeginAnswer(BaseModel):
    """What its states need: where the run lies, and what its choices are made by."""

    model_config = ConfigDict(frozen=True)

    run: str
    uri: str
    bucket: str
    compute: Compute
    sweep: int
    promote: bool

    @classmethod
    def of(cls, run: TrainingRun) -> Self:
        """Return the answer for a run, the same for whoever begins it again."""
        return cls(
            run=run.run,
            uri=str(RunLayout(run.training_bucket, run.run).description),
            bucket=run.training_bucket,
            compute=run.request.compute,
            sweep=run.request.sweep,
            promote=run.request.promote,
        )
