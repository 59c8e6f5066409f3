"""Reading what reviewers said: JSON lines from a browser, so from anybody, taken one by one."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError

from detector.feedback import Correction
from detector.plan import REF_PATTERN
from detector.uri import S3Uri, UriError

# A page shows some 5,000 images; all marked, with the longest names, are 30 MB.
MAX_BYTES = 64 << 20
# The longest name, each of its characters escaped as two of JSON's \uXXXX, and the rest.
MAX_LINE = 64 << 10
MAX_WHY = 300
_BATCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class GoodLine:
    """A correction, the number of its line from 1, and when it was marked, in UTC."""

    number: int
    correction: Correction
    marked_at: datetime


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no correction, its number from 1, and why."""

    number: int
    why: str


@dataclass(frozen=True, slots=True)
class Lines:
    """What was read; blank lines are neither good nor bad."""

    good: tuple[GoodLine, ...] = ()
    bad: tuple[BadLine, ...] = ()


class BadLineError(ValueError):
    """A line is no correction; the message says why."""


def read_lines(data: bytes) -> Lines:
    """Read corrections from JSON lines; a bad line costs nothing but itself."""
    good: list[GoodLine] = []
    bad: list[BadLine] = []
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            correction = read_line(line)
            good.append(GoodLine(number, correction, marked_at(correction)))
        except BadLineError as error:
            bad.append(BadLine(number, str(error)[:MAX_WHY]))
    return Lines(tuple(good), tuple(bad))


def read_line(line: bytes) -> Correction:
    """Read one correction.

    Raises
    ------
    BadLineError
        If it is none, or names what cannot be.
    """
    if len(line) > MAX_LINE:
        raise BadLineError(f"{len(line):,} bytes; a correction has at most {MAX_LINE:,}")
    try:
        document = json.loads(line.decode())
    except UnicodeDecodeError as error:
        raise BadLineError("not UTF-8") from error
    except (ValueError, RecursionError) as error:
        # Among them a number of more digits than Python takes, which is no JSONDecodeError.
        raise BadLineError(f"not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("schema") != Correction.SCHEMA:
        raise BadLineError(f"not a document of schema {Correction.SCHEMA!r}")
    try:
        correction = Correction.model_validate(document)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise BadLineError("; ".join(wrong)) from error
    if impossible := "; ".join(_impossible(correction)):
        raise BadLineError(impossible)
    return correction


def _impossible(correction: Correction) -> Iterable[str]:
    if not _BATCH.fullmatch(correction.batch):
        yield f"batch: {correction.batch[:80]!r} is no batch's id"
    try:
        S3Uri.parse(correction.image)
    except UriError as error:
        yield f"image: {error}"
    if not REF_PATTERN.fullmatch(correction.detector):
        yield f"detector: {correction.detector[:80]!r} is not name@version"
    if correction.sha256 is not None and not _SHA256.fullmatch(correction.sha256):
        yield "sha256: not 64 lower-case hexadecimal digits"


def marked_at(correction: Correction) -> datetime:
    """Return when it was marked, in UTC, by the reviewer's clock.

    Raises
    ------
    BadLineError
        If that is no time with its offset from UTC.
    """
    text = correction.marked_at
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadLineError(
        f"marked_at: {text[:40]!r} is no ISO 8601 time with an offset, such as 2026-01-02T03:04:05Z"
    )
