"""What the gates of training runs said of a detector."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from detector.layout import RUNS_PREFIX, RunLayout
from detector.plan import DetectorRef
from detector.training_run import GateDecision

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def _runs(s3: "S3Client", bucket: str) -> Iterator[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=RUNS_PREFIX, Delimiter="/"
    )
    for page in pages:
        for found in page.get("CommonPrefixes", []):
            yield found.get("Prefix", "").removeprefix(RUNS_PREFIX).rstrip("/")


def gate_of(s3: "S3Client", bucket: str, ref: DetectorRef) -> GateDecision | None:
    """Return the decision on a detector, from the run that trained it; None if there is none.

    Raises
    ------
    detector.contract.ContractError
        If a decision is damaged.
    """
    # The newest first: runs that the command line names sort by when they began.
    for run in sorted(_runs(s3, bucket), reverse=True):
        where = RunLayout(bucket, run).gate
        try:
            body = s3.get_object(Bucket=where.bucket, Key=where.key)["Body"].read()
        except s3.exceptions.NoSuchKey:
            continue
        decision = GateDecision.parse(body, where=str(where))
        if decision.challenger == ref:
            return decision
    return None
