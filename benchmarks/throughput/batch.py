"""A batch in a local S3, cut and planned by the plan function's own code."""

from collections.abc import Iterable
from itertools import product
from typing import TYPE_CHECKING

from detector.layout import BatchLayout, detector_prefix
from detector.manifest import ManifestEntry, write_lines
from detector.plan import BatchPlan, DetectorRef, Lane
from functions.plan.shards import cut

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

    from detector.package import DetectorPackage

BUCKET = "bench"
RUN_DATE = "2026-01-02"


def publish(s3: "S3Client", folder: "Path", package: "DetectorPackage") -> DetectorRef:
    """Put a detector package where the scorer looks for it."""
    ref = DetectorRef(bucket=BUCKET, name=package.name, version=package.version)
    prefix = detector_prefix(ref.bucket, ref.name, ref.version)
    for path in folder.iterdir():
        where = prefix.join(path.name)
        s3.put_object(Bucket=where.bucket, Key=where.key, Body=path.read_bytes())
    return ref


def upload(s3: "S3Client", paths: Iterable["Path"], copies: int = 1) -> list[ManifestEntry]:
    """Put photographs under ``intake/``, each under so many keys, and return their entries."""
    entries = []
    for number, path in product(range(copies), paths):
        data, key = path.read_bytes(), f"intake/{number:03d}/{path.name}"
        etag = s3.put_object(Bucket=BUCKET, Key=key, Body=data)["ETag"].strip('"')
        entries.append(ManifestEntry(bucket=BUCKET, key=key, size=len(data), etag=etag))
    return entries


def plan(
    s3: "S3Client", entries: Iterable[ManifestEntry], detector: DetectorRef, batch: str
) -> BatchPlan:
    """Write the manifest of a batch of one shard, and return its plan."""
    lines = [line.encode() for line in write_lines(entries)]
    layout = BatchLayout(BUCKET, batch, RUN_DATE)
    s3.put_object(Bucket=BUCKET, Key=layout.manifest.key, Body=b"".join(lines))
    shards, images = cut(lines, per_shard=len(lines), where=str(layout.manifest))
    return BatchPlan(
        batch=batch,
        run_date=RUN_DATE,
        started_at=f"{RUN_DATE}T03:04:05+00:00",
        bucket=BUCKET,
        lane=Lane.BATCH,
        entries=images,
        shards=tuple(shards),
        detector=detector,
    )
