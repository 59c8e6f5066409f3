"""What reviewers said, as it lies in S3: one object a sitting, below its batch."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from detector.feedback_lines import MAX_BYTES, Lines, read_lines
from detector.layout import FEEDBACK_PREFIX
from detector.marks import Mark
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONTENT_TYPE = "application/x-ndjson"
SUFFIX = ".jsonl"
_KEY = re.compile(
    re.escape(FEEDBACK_PREFIX) + r"run_date=(?P<day>[0-9-]{10})/batch=(?P<batch>[^/]+)/[^/]+"
)


@dataclass(frozen=True, slots=True)
class Feedback:
    """Marks in order of their objects and lines, and what could not be read, a sentence each."""

    marks: tuple[Mark, ...]
    problems: tuple[str, ...]


def read_feedback(s3: "S3Client", bucket: str, *, since: str = "") -> Feedback:
    """Read what reviewers said of batches.

    Parameters
    ----------
    bucket
        The results bucket.
    since
        A day such as ``2026-01-31``, UTC: leaves out batches that started before.

    Raises
    ------
    botocore.exceptions.ClientError
        If S3 refuses.
    """
    marks: list[Mark] = []
    problems: list[str] = []
    for key, size, saved in _objects(s3, bucket, since):
        where = S3Uri(bucket, key)
        named = _KEY.fullmatch(key)
        if named is None:
            problems.append(f"{where}: not named as feedback is; left out")
        elif size > MAX_BYTES:
            problems.append(f"{where}: {size:,} bytes are too many for a sitting; left out")
        else:
            with s3.get_object(Bucket=bucket, Key=key)["Body"] as body:
                lines = read_lines(body.read())
            marks += _marks(lines, named["batch"], saved)
            problems += _problems(lines, named["batch"], where)
    return Feedback(tuple(marks), tuple(problems))


def _objects(s3: "S3Client", bucket: str, since: str) -> Iterator[tuple[str, int, datetime]]:
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket,
        Prefix=FEEDBACK_PREFIX,
        # Days sort as text, so nothing before the first one is listed.
        StartAfter=f"{FEEDBACK_PREFIX}run_date={since}" if since else FEEDBACK_PREFIX,
    )
    for page in pages:
        for item in page.get("Contents", []):
            yield item["Key"], item["Size"], item["LastModified"].astimezone(UTC)


def _marks(lines: Lines, batch: str, saved: datetime) -> Iterator[Mark]:
    for line in lines.good:
        # Who was given the way to hand in for one batch has no say in others.
        if line.correction.batch == batch:
            yield Mark(line.correction, min(line.marked_at, saved))


def _problems(lines: Lines, batch: str, where: S3Uri) -> Iterator[str]:
    for line in lines.bad:
        yield f"{where} line {line.number}: {line.why}; left out"
    strangers = sum(line.correction.batch != batch for line in lines.good)
    if strangers:
        yield f"{where}: {strangers} lines are of another batch than {batch}; left out"
