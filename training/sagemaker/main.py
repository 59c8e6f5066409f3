"""The entry point of a SageMaker training job: ``python -m training sagemaker``.

Environment: ``AIDETECT_OPT_ML`` (the contract's folder, ``/opt/ml``), ``TRAINING_SCRATCH``. Exit
codes are those of :mod:`training.stages.main`; SageMaker tells only 0 from the rest, and shows the
reason that :meth:`training.sagemaker.contract.Container.fail` writes.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from detector.contract import ContractError
from detector.training_run import Stage, StageFailure
from detector.uri import UriError
from training.sagemaker.context import build_context
from training.sagemaker.contract import DEFAULT_ROOT, ROOT_VARIABLE, Container
from training.stages.context import StageContext, StageError, StopFlag
from training.stages.main import (
    DONE,
    REFUSED,
    STOPPED,
    StageFunction,
    attempt_stage,
    stage_function,
    stopping,
)
from training.stages.progress import StageProgress
from training.storage import MissingFileError

FAILURE = f"stages/{Stage.TRAIN.value}-failed.json"


def main(
    root: Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    tell: Callable[[str], None] = print,
    work: StageFunction | None = None,
) -> int:
    """Run the train stage inside a training job, and return the exit code.

    Parameters
    ----------
    root
        The contract's folder; by default ``$AIDETECT_OPT_ML``, else ``/opt/ml``.
    work
        What is done; the train stage.
    """
    env = os.environ if environ is None else environ
    container = Container(root or Path(env.get(ROOT_VARIABLE) or DEFAULT_ROOT))
    stop = StopFlag()
    with stopping(stop):
        try:
            context = build_context(container, env, stop, tell)
        except (ContractError, MissingFileError, StageError, UriError) as error:
            tell(f"refused: {error}")
            container.fail(str(error))
            return REFUSED
        try:
            with StageProgress(context, Stage.TRAIN) as watched:
                done = work or stage_function(Stage.TRAIN)
                code = attempt_stage(Stage.TRAIN, watched, attempt=1, work=done)
        except Exception as error:
            # Ends in a traceback; SageMaker is to show more than the exit code.
            container.fail(f"{type(error).__name__}: {error}")
            raise
    if code not in (DONE, STOPPED):
        container.fail(reason_of(context))
    return code


def reason_of(context: StageContext) -> str:
    """Return what the stage noted of its failure."""
    failure = StageFailure.parse(context.files.read(FAILURE), where=FAILURE)
    return f"{failure.message} ({failure.error})"
