"""Golden batches: what they came to, and starting one now."""

import secrets
from datetime import datetime
from typing import TYPE_CHECKING

from aidetect.errors import AidetectError
from aidetect.execution import describe
from aidetect.follow import poll_batch, wait
from aidetect.golden.keep import images_of
from aidetect.target import Target
from detector.contract import ContractError
from detector.golden_set import GoldenAccuracy
from detector.layout import BATCHES_PREFIX, BatchLayout
from detector.purpose import Purpose
from functions.watch.golden import golden_input

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

STEM = f"{BATCHES_PREFIX}{Purpose.GOLDEN.value}-"


class GoldenError(AidetectError, RuntimeError):
    """The golden set could not be scored; the message says why."""


def read_run(s3: "S3Client", bucket: str, batch: str) -> GoldenAccuracy | None:
    """Return what a golden batch came to; None while it is not known, or has not both classes."""
    where = BatchLayout(bucket, batch).golden
    try:
        with s3.get_object(Bucket=bucket, Key=where.key)["Body"] as body:
            return GoldenAccuracy.parse(body.read(), where=str(where))
    except (s3.exceptions.NoSuchKey, ContractError):
        return None


def last_runs(s3: "S3Client", bucket: str, most: int) -> tuple[GoldenAccuracy, ...]:
    """Return what the last golden batches came to, the newest first."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=STEM, Delimiter="/")
    batches = [
        item["Prefix"].removeprefix(BATCHES_PREFIX).rstrip("/")
        for page in pages
        for item in page.get("CommonPrefixes", [])
    ]
    # Their names begin with the day.
    newest = sorted(batches, reverse=True)[:most]
    found = (read_run(s3, bucket, batch) for batch in newest)
    return tuple(sorted((run for run in found if run), key=lambda run: run.at, reverse=True))


def run_now(target: Target, *, now: datetime, timeout: float) -> GoldenAccuracy:
    """Score the golden set with the champion, and wait for what it comes to.

    Raises
    ------
    GoldenError
        If the set lacks a class, or was not scored.
    aidetect.follow.FollowTimeoutError
        When time is up. Nothing is cancelled.
    """
    training, results = target.outputs.TrainingBucket, target.outputs.ResultsBucket
    if len(set(images_of(target.s3, training).values())) < 2:
        raise GoldenError(
            "the golden set needs images of both classes: aidetect golden add FOLDER --label real, "
            "and --label ai"
        )
    batch = f"{Purpose.GOLDEN.value}-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    arn = target.sfn.start_execution(
        stateMachineArn=target.outputs.ScoringStateMachineArn,
        name=batch,
        input=golden_input(training),
    )["executionArn"]
    wait(poll_batch(target, arn), timeout=timeout)
    found = read_run(target.s3, results, batch)
    if found is None:
        _, why = describe(target.sfn, arn)
        raise GoldenError(f"batch {batch} came to no accuracy: {why or 'no image has a verdict'}")
    return found
