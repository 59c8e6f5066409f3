"""Takes in what a page downloaded: every line is good, or nothing is stored."""

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from aidetect.errors import AidetectError
from aidetect.execution import summary
from aidetect.target import Target
from detector.feedback import Correction
from detector.feedback_lines import MAX_BYTES, read_lines
from detector.layout import BatchLayout
from detector.once import put_once
from detector.stored_feedback import CONTENT_TYPE, SUFFIX
from detector.uri import S3Uri


class BadFileError(AidetectError, ValueError):
    """A file is no feedback; the message names every bad line."""


@dataclass(frozen=True)
class Added:
    """What became of the corrections of one batch; ``new`` is false where they were there."""

    batch: str
    corrections: int
    where: S3Uri
    new: bool


def read_file(path: Path) -> dict[str, list[Correction]]:
    """Read a file of corrections, by batch.

    Raises
    ------
    BadFileError
        If a line is none, or there is no line.
    OSError
        If the file cannot be read.
    """
    if path.stat().st_size > MAX_BYTES:
        raise BadFileError(f"{path} is larger than {MAX_BYTES:,} bytes, so no page's download")
    lines = read_lines(path.read_bytes())
    if lines.bad:
        named = "\n".join(f"  line {bad.number}: {bad.why}" for bad in lines.bad)
        raise BadFileError(
            f"{path}: nothing was stored, since {len(lines.bad):,} lines are no corrections:\n"
            f"{named}\nTake them out, or put them right, and add the file again"
        )
    if not lines.good:
        raise BadFileError(f"{path} holds no corrections; mark images in the report first")
    found = defaultdict[str, list[Correction]](list)
    for line in lines.good:
        found[line.correction.batch].append(line.correction)
    return dict(found)


def add(target: Target, path: Path) -> list[Added]:
    """Store a file's corrections below their batches. Adding a file again changes nothing.

    Raises
    ------
    BadFileError
        If a line is no correction, or names a batch that is not there. Nothing is stored then.
    OSError
        If the file cannot be read.
    """
    found = read_file(path)
    layouts = {batch: _layout(target, batch, path) for batch in found}
    return [_store(target, layouts[batch], corrections) for batch, corrections in found.items()]


def _layout(target: Target, batch: str, path: Path) -> BatchLayout:
    bucket = target.outputs.ResultsBucket
    ended = summary(target.s3, bucket, batch)
    if ended is None:
        raise BadFileError(
            f"{path}: nothing was stored, since batch {batch} is not on the {target.label}, or has "
            "not ended; is it the right stack? See --on and --stack"
        )
    return BatchLayout(bucket, batch, ended.run_date)


def _store(target: Target, layout: BatchLayout, corrections: list[Correction]) -> Added:
    body = "".join(f"{correction.dumps()}\n" for correction in corrections).encode()
    # Named by its content, so that adding it twice stores it once.
    where = layout.feedback.join(hashlib.sha256(body).hexdigest()[:32] + SUFFIX)
    new = put_once(target.s3, where, body, content_type=CONTENT_TYPE)
    return Added(layout.batch, len(corrections), where, new)
