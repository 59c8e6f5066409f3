"""The entry to tuning; importable where torch is not installed."""

from training.tune.installed import require_packages
from training.tune.job import Tuned, TuneJob


def tune(job: TuneJob) -> Tuned:
    """Tune an encoder and its head.

    Goes on from the newest whole checkpoint in ``job.checkpoints``. On the same CPU the same job
    gives the same bits, whether or not it was interrupted.

    Raises
    ------
    training.stages.context.StoppedError
        If the stop flag was raised; a checkpoint is written first.
    training.tune.errors.TuneError
        If it cannot go on; the message says what to change.
    training.dataset.DatasetError
        If an image cannot be read.
    """
    require_packages()
    from training.tune.session import run  # only now: it imports torch

    return run(job)
