"""Which batch a person means: its id, the beginning of it, or the latest."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from aidetect.errors import AidetectError
from aidetect.execution import describe, summary
from aidetect.explanation import code_of
from aidetect.target import Target
from detector.layout import BATCHES_PREFIX, RESULTS_PREFIX
from detector.summary import BatchSummary

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LATEST = "latest"
MOST_NAMED = 5
_BATCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_HOW = "`aidetect status` names the latest ones"


class NoBatchError(AidetectError, LookupError):
    """There is no such batch, or not yet; the message says what to do."""


def find_batch(target: Target, wanted: str) -> BatchSummary:
    """Return the summary of the batch a person means.

    Parameters
    ----------
    wanted
        A batch's id, the beginning of one, or ``latest``.

    Raises
    ------
    NoBatchError
        If there is none, several begin so, or it has not ended.
    detector.contract.ContractError
        If its summary is of another version.
    """
    s3, bucket = target.s3, target.outputs.ResultsBucket
    if wanted == LATEST:
        return _latest(target)
    if not _BATCH.fullmatch(wanted):
        raise NoBatchError(f"{wanted[:80]!r} is no batch's id; {_HOW}")
    batch = _named(s3, bucket, wanted)
    found = summary(s3, bucket, batch)
    if found is None:
        raise NoBatchError(_unfinished(target, batch))
    return found


def _named(s3: "S3Client", bucket: str, wanted: str) -> str:
    found = s3.list_objects_v2(Bucket=bucket, Prefix=BATCHES_PREFIX + wanted, Delimiter="/")
    prefixes = [item["Prefix"] for item in found.get("CommonPrefixes", [])]
    names = [prefix.removeprefix(BATCHES_PREFIX).rstrip("/") for prefix in prefixes]
    if wanted in names:
        return wanted
    if not names:
        raise NoBatchError(f"no batch is called {wanted} or begins so; {_HOW}")
    if len(names) > 1:
        shown = ", ".join(names[:MOST_NAMED]) + (", …" if len(names) > MOST_NAMED else "")
        raise NoBatchError(f"several batches begin with {wanted}: {shown}; give more of the id")
    return names[0]


def _unfinished(target: Target, batch: str) -> str:
    """Say why a batch has no summary."""
    try:
        execution, why = describe(target.sfn, target.outputs.execution_arn(batch))
    except target.sfn.exceptions.ClientError as error:
        if code_of(error) not in {"ExecutionDoesNotExist", "InvalidArn"}:
            raise
        return f"batch {batch} was never finished, and its execution is forgotten; score it again"
    if not execution.ended:
        return (
            f"batch {batch} is still being scored; wait for its end (`aidetect status` shows how "
            "far it is) and try again"
        )
    return f"batch {batch} ended as {execution.status} without results: {why or 'no reason told'}"


def _latest(target: Target) -> BatchSummary:
    """Return the summary of the batch that wrote results last, of those that have ended."""
    s3, bucket = target.s3, target.outputs.ResultsBucket
    running = ""
    for day in sorted(_days(s3, bucket), reverse=True):
        for batch in _newest_first(s3, bucket, day):
            found = summary(s3, bucket, batch)
            if found is not None:
                return found
            running = running or batch
    if running:
        raise NoBatchError(_unfinished(target, running))
    raise NoBatchError(
        f"no batch has results on the {target.label} yet; `aidetect score PATH` makes some"
    )


def _days(s3: "S3Client", bucket: str) -> Iterator[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=RESULTS_PREFIX, Delimiter="/"
    )
    for page in pages:
        for item in page.get("CommonPrefixes", []):
            yield item["Prefix"]


def _newest_first(s3: "S3Client", bucket: str, day: str) -> list[str]:
    written: dict[str, datetime] = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=day):
        for item in page.get("Contents", []):
            name = item["Key"].removeprefix(day).partition("/")[0]
            if name.startswith("batch="):
                batch = name.removeprefix("batch=")
                written[batch] = max(item["LastModified"], written.get(batch, item["LastModified"]))
    return sorted(written, key=lambda batch: (written[batch], batch), reverse=True)
