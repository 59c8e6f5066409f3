"""Deciding a plan: the lane and the final shards."""

from datetime import datetime

from detector.plan import BatchPlan, DetectorRef, Lane, Limits, Shard
from detector.purpose import Purpose
from functions.plan.settings import PlanSettings
from functions.plan.shards import merge


def choose_lane(images: int, *, most: int, forced: Lane | None) -> Lane:
    """Return the lane: as told, else express for up to ``most`` images."""
    return forced or (Lane.EXPRESS if images <= most else Lane.BATCH)


def draft(
    batch: str,
    shards: list[Shard],
    images: int,
    *,
    forced: Lane | None,
    detector: DetectorRef,
    settings: PlanSettings,
    now: datetime,
    purpose: Purpose = Purpose.LIVE,
    shadow_of: str = "",
) -> BatchPlan:
    """Return the plan of a batch.

    Parameters
    ----------
    batch
        Its identifier.
    shards
        The manifest as it was cut.
    images
        How many images it counts as, archives weighed by their bytes.
    forced
        The lane somebody asked for.
    detector
        What scores it.
    settings
        The function's settings.
    now
        The present, UTC.
    purpose, shadow_of
        What it is scored for; only of a live batch evidence is kept.
    """
    lane = choose_lane(images, most=settings.express_max_images, forced=forced)
    return BatchPlan(
        batch=batch,
        run_date=now.strftime("%Y-%m-%d"),
        started_at=now.isoformat(timespec="milliseconds"),
        bucket=settings.results_bucket,
        lane=lane,
        entries=sum(shard.count for shard in shards),
        chunk_size=settings.chunk_size,
        # One invocation scores an express batch whole.
        shards=tuple(merge(shards, most=1) if lane is Lane.EXPRESS else shards),
        detector=detector,
        limits=Limits(max_bytes=settings.max_image_bytes, max_pixels=settings.max_image_pixels),
        evidence_images=settings.evidence_images if purpose is Purpose.LIVE else 0,
        purpose=purpose,
        shadow_of=shadow_of,
    )
