"""What the stages of a run wrote about why they failed."""

from typing import TYPE_CHECKING

from detector.contract import ContractError
from detector.layout import RunLayout
from detector.training_run import Stage, StageFailure
from detector.uri import S3Uri
from functions.stored import load

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def has_begun(layout: RunLayout, *, s3: "S3Client") -> bool:
    """Tell whether there is a run to go on with."""
    key = layout.description.key
    found = s3.list_objects_v2(Bucket=layout.bucket, Prefix=key, MaxKeys=1)
    return bool(found.get("Contents"))


def newest_failure(layout: RunLayout, *, s3: "S3Client") -> StageFailure | None:
    """Return the newest failure of a stage that has not succeeded since; None if none is told.

    A record that cannot be read is passed over: telling of the failure matters more.
    """
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=layout.bucket, Prefix=f"{layout.root.key}stages/"
    )
    keys = {o["Key"] for page in pages for o in page.get("Contents", [])}
    open_ones = [
        layout.failure(stage)
        for stage in Stage
        if layout.failure(stage).key in keys and layout.stage(stage).key not in keys
    ]
    failures = [found for uri in open_ones if (found := _read(uri, s3))]
    return max(failures, key=lambda failure: failure.failed_at, default=None)


def _read(where: S3Uri, s3: "S3Client") -> StageFailure | None:
    try:
        return load(StageFailure, where, s3=s3)
    except ContractError:
        return None
