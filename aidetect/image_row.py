"""A result row as programs get it: the columns of :mod:`detector.row`, typed, and its batch."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from aidetect.errors import AidetectError
from detector.reason import Reason
from detector.row import ResultRow
from detector.verdict import Verdict


class ResultsError(AidetectError, ValueError):
    """Results are not there, or are not what this version reads; the message says what to do."""


@dataclass(frozen=True, slots=True)
class ImageRow(ResultRow):
    """One image's outcome. Field for field the columns that docs/results.md names.

    Attributes
    ----------
    run_date : str
        Day the batch started, UTC, YYYY-MM-DD.
    batch : str
        The batch that scored it.
    """

    run_date: str = ""
    batch: str = ""


_NAMES = frozenset(field.name for field in fields(ImageRow))


def image_row(values: Mapping[str, Any]) -> ImageRow:
    """Return a row from its columns; columns of newer versions are left out.

    Raises
    ------
    ResultsError
        If a value is none this version knows.
    """
    known = {name: value for name, value in values.items() if name in _NAMES}
    try:
        known["verdict"] = Verdict(known["verdict"])
        known["reason"] = None if known["reason"] is None else Reason(known["reason"])
        return ImageRow(**known)
    except (KeyError, TypeError, ValueError) as error:
        raise ResultsError(
            f"a row of {values.get('image')!r} is none this version of aidetect reads: {error}. "
            "Update aidetect"
        ) from error
