"""What a stage says of itself: lines of JSON in the log of a job, plain ones at a terminal."""

from collections.abc import Mapping

from batch_inference import log
from training.stages.context import Tell


def teller(environ: Mapping[str, str], **fields: object) -> Tell:
    """Return what tells of a stage.

    Parameters
    ----------
    environ
        The process's environment, which says whether it is a job of AWS Batch.
    fields
        What each line of a job carries: the run above all.
    """
    if "AWS_BATCH_JOB_ID" not in environ:
        return print
    log.configure(**fields)
    return log.info
