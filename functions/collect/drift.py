"""Drift of a batch: its sketch against the reference that its detector was released with."""

import hashlib
from typing import TYPE_CHECKING

from batch_inference.drift import judge
from detector.drift_reference import Drift, DriftReference
from detector.layout import detector_prefix
from detector.metric import Metric, Unit
from detector.package import DESCRIPTION_FILE, DetectorPackage, PackageError
from detector.plan import BatchPlan, DetectorRef
from detector.summary import BatchSummary
from functions.stored import load

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def read_reference(ref: DetectorRef, *, s3: "S3Client") -> DriftReference | None:
    """Return a detector's reference; None where it was released without one.

    Raises
    ------
    PackageError
        If it was altered.
    detector.contract.ContractError
        If the detector or its reference is not there, or not valid.
    """
    prefix = detector_prefix(ref.bucket, ref.name, ref.version)
    file = load(DetectorPackage, prefix.join(DESCRIPTION_FILE), s3=s3).drift
    if file is None:
        return None
    where = prefix.join(file.file)
    with s3.get_object(Bucket=where.bucket, Key=where.key)["Body"] as body:
        data = body.read()
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise PackageError(f"{where} is not the file that {DESCRIPTION_FILE} names; publish again")
    return DriftReference.parse(data, where=str(where))


def drift_of(plan: BatchPlan, summary: BatchSummary, *, s3: "S3Client") -> Drift | None:
    """Judge a batch; None where its detector has no reference, or the batch too few images."""
    if summary.sketch is None or summary.sketch.images == 0:
        return None
    reference = read_reference(plan.detector, s3=s3)
    return None if reference is None else judge(summary.sketch, reference)


def drift_metrics(drift: Drift) -> tuple[Metric, ...]:
    """Return the numbers that are watched; ``EmbeddingDrift`` above 1 is the alarm's."""
    return (
        Metric("ScoreDriftPsi", drift.psi, Unit.NONE),
        Metric("EmbeddingDrift", drift.ratio, Unit.NONE),
    )
