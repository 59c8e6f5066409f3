"""Which trial of a search goes on: the best on sources that it never saw."""

from dataclasses import dataclass

import numpy as np

from training.degrade import JUDGED
from training.head import RECORD_FILE, HeadRecord
from training.stages.context import StageContext, StageError
from training.stages.model import FILES, FOLDER
from training.sweep import copy_files, trial_folder


@dataclass(frozen=True)
class Trial:
    """One trial and what it came to: the mean AUC on unseen sources over clean, web and hard."""

    number: int
    auc: float


def auc_of(record: HeadRecord) -> float:
    """Return the mean held-out AUC over the judged variants."""
    return float(np.mean([record.metrics[f"held_out.{v.value}.auc"] for v in JUDGED]))


def read_trials(context: StageContext) -> list[Trial]:
    """Return the trials that ended, best first; the earlier of two equals."""
    found = []
    for number in range(context.run.request.sweep):
        name = f"{trial_folder(number)}/{FOLDER}/{RECORD_FILE}"
        if context.files.exists(name):
            record = HeadRecord.parse(context.files.read(name), where=name)
            found.append(Trial(number, auc_of(record)))
    return sorted(found, key=lambda trial: (-trial.auc, trial.number))


def select_trial(context: StageContext) -> Trial | None:
    """Make the best trial's model the run's model; nothing where there is no search.

    Raises
    ------
    StageError
        If no trial ended.
    """
    if not context.run.request.sweep or context.files.exists(f"{FOLDER}/{RECORD_FILE}"):
        return None
    trials = read_trials(context)
    if not trials:
        raise StageError("no trial of the search came to a model; look at their jobs' logs")
    best = trials[0]
    source = context.files.child(f"{trial_folder(best.number)}/{FOLDER}")
    names = [name for name in FILES if source.exists(name)]
    copy_files(source, context.files.child(FOLDER), names)
    context.tell(f"trial {best.number} of {len(trials)} is best: AUC {best.auc:.3f}")
    return best
