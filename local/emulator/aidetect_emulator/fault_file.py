"""What faults are asked for: the file ``faults.json`` in the state folder.

Where there is no file, nothing fails. :mod:`.faults` and the runner of jobs read it.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from . import settings

LOG = logging.getLogger(__name__)
FILE = "faults.json"


@dataclass(frozen=True)
class CallFault:
    """A share of some calls that fail.

    Attributes
    ----------
    service, operation : str
        Which calls; patterns with ``*``.
    share : float
        How many of them, at random.
    status, code
        The answer, such as 503 and ``SlowDown``.
    answer_lost : bool
        The call does what it is for, and only its answer is lost: this error comes in its place.
    """

    service: str
    operation: str = "*"
    share: float = 1.0
    status: int = 503
    code: str = "ServiceUnavailable"
    answer_lost: bool = False

    def meets(self, service: str, operation: str) -> bool:
        """Tell whether a call is one of those."""
        return fnmatchcase(service, self.service) and fnmatchcase(operation, self.operation)


@dataclass(frozen=True)
class Faults:
    """What the file asks for.

    Attributes
    ----------
    calls : list of CallFault
    reclaim : str
        Jobs that run when this changes lose their machine.
    environ : dict
        Variables for functions and jobs that start from now on.
    file_bytes : int, optional
        The largest file that a job can write, as if the disk were full beyond.
    """

    calls: tuple[CallFault, ...] = ()
    reclaim: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)
    file_bytes: int | None = None

    @classmethod
    def parse(cls, text: str) -> "Faults":
        """Read the file's content."""
        found = json.loads(text)
        calls = tuple(CallFault(**call) for call in found.pop("calls", ()))
        return cls(calls=calls, **found)


class FaultFile:
    """The file, read again when it changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._faults = Faults()

    def read(self) -> Faults:
        """Return what is asked for now; what it said before, where it is no longer readable."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._seen, self._faults = None, Faults()
            return self._faults
        seen = (found.st_mtime_ns, found.st_ino)
        if seen != self._seen:
            try:
                self._faults = Faults.parse(self._path.read_text(encoding="utf-8"))
            except (OSError, ValueError, TypeError):
                LOG.warning("%s is no list of faults", self._path, exc_info=True)
            self._seen = seen
        return self._faults


@cache
def _file(path: Path) -> FaultFile:
    return FaultFile(path)


def current() -> Faults:
    """Return what is asked for now."""
    return _file(settings.current().state / FILE).read()
