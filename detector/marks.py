"""Marks: corrections in time, and which of several on one image counts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from detector.feedback import Correction


@dataclass(frozen=True, slots=True)
class Mark:
    """A correction, and the moment it counts from, in UTC.

    That is when the reviewer's clock says it was made, but not after it was saved by S3's: a clock
    that is ahead does not outvote those who come later.
    """

    correction: Correction
    at: datetime


def newest(marks: Sequence[Mark]) -> Mark:
    """Return the mark that counts of those of one image."""
    return max(enumerate(marks), key=lambda pair: (pair[1].at, pair[0]))[1]


def by_reviewer(marks: Iterable[Mark]) -> dict[str, Mark]:
    """Return each reviewer's newest mark of one image."""
    own = defaultdict[str, list[Mark]](list)
    for mark in marks:
        own[mark.correction.reviewer].append(mark)
    return {reviewer: newest(theirs) for reviewer, theirs in own.items()}


def are_disputed(marks: Iterable[Mark]) -> bool:
    """Tell whether reviewers hold one image for different things, each by their newest mark."""
    return len({mark.correction.label for mark in by_reviewer(marks).values()}) > 1
