"""What makes two tuning jobs the same, so that one may go on from the other's checkpoints."""

import hashlib
import json
from collections.abc import Sequence

from training.dataset import LabelledImage
from training.tune.job import TuneJob

# How often a checkpoint is kept, and what is judged afterwards, change nothing that is learnt.
IGNORED = {"checkpoint_seconds", "ladder"}


def _listed(images: Sequence[LabelledImage]) -> list[list[object]]:
    # Not the path: the next machine may keep its copy elsewhere.
    return [[i.label.value, i.source, i.path.stat().st_size] for i in images]


def fingerprint(job: TuneJob) -> str:
    """Return a SHA-256 over all that decides the result."""
    parts = {
        "recipe": job.recipe.value,
        "settings": job.settings.model_dump(mode="json", exclude=IGNORED),
        "encoder": job.encoder.sha256,
        "preprocessing": job.spec.model_dump(mode="json"),
        "head": hashlib.sha256(job.head.dumps()).hexdigest(),
        "learn": _listed(job.learn),
        "held": _listed(job.held),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
