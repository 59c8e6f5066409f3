"""Deciding what a run is called and what its detector will be."""

import re
from datetime import datetime

from detector.plan import DetectorRef
from detector.training_request import MAX_RUN_LENGTH, RUN_PATTERN, RequestError, TrainingRequest
from detector.training_run import TrainingRun
from functions.begin.settings import BeginSettings

# By what an encoder is called; CLIP where it says none of these.
KINDS = ("siglip", "dinov3", "metaclip", "vit_pe_core")


def run_name(execution: str) -> str:
    """Return the run's name, which is its execution's.

    Raises
    ------
    RequestError
        If a bucket's key or a SageMaker job cannot be called so.
    """
    if len(execution) > MAX_RUN_LENGTH or not re.fullmatch(RUN_PATTERN, execution):
        raise RequestError(
            f"the execution's name {execution!r} cannot name a run: take letters, digits and "
            f"single hyphens, at most {MAX_RUN_LENGTH} of them; `aidetect train` chooses one"
        )
    return execution


def version(now: datetime) -> str:
    """Return the version of what is trained from now: the day.

    Releasing it adds some digits of the package's own content (training/embedded.py), so that two
    detectors of one day do not get in each other's way.
    """
    return f"{now.year}.{now.month}.{now.day}"


def detector_name(request: TrainingRequest) -> str:
    """Return what the detector is called: as asked, else by the encoder's kind and the recipe."""
    encoder = request.encoder.lower()
    kind = next((kind for kind in KINDS if kind in encoder), "clip")
    return request.name or f"{kind.replace('_', '-')}-{request.recipe.value}"


def draft(
    request: TrainingRequest,
    run: str,
    *,
    champion: DetectorRef | None,
    settings: BeginSettings,
    now: datetime,
) -> TrainingRun:
    """Return the description of a run that begins now."""
    return TrainingRun(
        run=run,
        created_at=now.isoformat(timespec="milliseconds"),
        training_bucket=settings.training_bucket,
        models_bucket=settings.models_bucket,
        request=request,
        champion=champion,
        name=detector_name(request),
        version=version(now),
    )
